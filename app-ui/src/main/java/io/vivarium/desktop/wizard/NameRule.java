package io.vivarium.desktop.wizard;

import io.vivarium.desktop.ui.Texts;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What a VM may be called; the same rule as {@link io.vivarium.client.VmSpec}'s. */
public final class NameRule {
  private static final int MAX_LENGTH = 63;
  private static final Pattern FIRST = Pattern.compile("[a-z0-9].*");
  private static final Pattern ALLOWED = Pattern.compile("[a-z0-9_.-]*");

  private NameRule() {}

  /** Why a name will not do, in one sentence; empty when it will. */
  public static String problem(String name, Predicate<String> taken, Texts texts) {
    if (name.isEmpty()) {
      return texts.get("name.empty");
    }
    if (name.length() > MAX_LENGTH) {
      return texts.get("name.long", MAX_LENGTH);
    }
    if (!ALLOWED.matcher(name).matches()) {
      return texts.get("name.characters");
    }
    if (!FIRST.matcher(name).matches()) {
      return texts.get("name.first");
    }
    if (taken.test(name)) {
      return texts.get("name.taken", name);
    }
    return "";
  }

  /** The base itself, or the base with the first number that is free: "debian-tiny-2". */
  public static String suggest(String base, Predicate<String> taken) {
    String clean = base.toLowerCase(java.util.Locale.ROOT).replaceAll("[^a-z0-9_.-]", "-");
    if (clean.isEmpty() || !FIRST.matcher(clean).matches()) {
      clean = "vm";
    }
    clean = clean.substring(0, Math.min(clean.length(), MAX_LENGTH - 5));
    if (!taken.test(clean)) {
      return clean;
    }
    int number = 2;
    while (taken.test(clean + "-" + number)) {
      number++;
    }
    return clean + "-" + number;
  }
}
