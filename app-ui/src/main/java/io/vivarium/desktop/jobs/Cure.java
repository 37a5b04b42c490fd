package io.vivarium.desktop.jobs;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The command that stands in a cure's sentence, as in "End it by force: viv kill build". */
public final class Cure {
  private static final Pattern COMMAND =
      Pattern.compile("(?:^|[:'‘“\\s])((?:sudo |viv |systemctl |modprobe )[^'’”\n]+)");

  private Cure() {}

  /** Empty when the cure is no command. */
  public static Optional<String> command(String sentence) {
    Matcher matcher = COMMAND.matcher(sentence);
    return matcher.find()
        ? Optional.of(matcher.group(1).strip().replaceFirst("[.]$", ""))
        : Optional.empty();
  }
}
