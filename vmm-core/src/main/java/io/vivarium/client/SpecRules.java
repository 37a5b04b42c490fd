package io.vivarium.client;

import java.util.Random;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a VM's spec may say, each rule in a sentence: for the command, and beside the field in a
 * wizard. A rule answers null when all is well.
 */
public final class SpecRules {
  public static final long MIN_MEMORY = 64 * Sizes.MIB;
  public static final int MAX_CPUS = 64;
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_.-]{0,62}");

  private SpecRules() {}

  /** A VM's or snapshot's name. */
  public static @Nullable String name(String name) {
    if (name.isEmpty()) {
      return "a name is needed";
    }
    if (name.length() > 63) {
      return "the name '" + name.substring(0, 20) + "...' is longer than 63 characters";
    }
    if (!NAME.matcher(name).matches()) {
      return "the name '"
          + printable(name)
          + "' must be of a-z, 0-9, '_', '.', '-' and begin with a letter or digit";
    }
    return null;
  }

  /** Guest RAM in bytes, on a host with {@code hostBytes} of memory. */
  public static @Nullable String memory(long bytes, long hostBytes) {
    if (bytes < MIN_MEMORY) {
      return "memory of " + Sizes.human(bytes) + " is less than " + Sizes.human(MIN_MEMORY);
    }
    if (bytes % Sizes.MIB != 0) {
      return "memory of " + bytes + " bytes is not a whole number of MiB";
    }
    if (bytes > hostBytes) {
      return "memory of "
          + Sizes.human(bytes)
          + " is more than this host has ("
          + Sizes.human(hostBytes)
          + ")";
    }
    return null;
  }

  public static @Nullable String cpus(int cpus) {
    int most = Math.min(MAX_CPUS, 2 * Runtime.getRuntime().availableProcessors());
    if (cpus < 1 || cpus > most) {
      return cpus + " CPUs cannot be: this host takes 1 to " + most;
    }
    return null;
  }

  public static @Nullable String cmdline(@Nullable String cmdline) {
    if (cmdline == null) {
      return null;
    }
    if (cmdline.length() > 2047) {
      return "the kernel command line is longer than 2047 characters";
    }
    boolean clean = cmdline.chars().allMatch(c -> c >= ' ' && c < 127);
    return clean ? null : "the kernel command line has characters that are not printable ASCII";
  }

  /** The first rule that the spec breaks, without a look at the disk; null when it keeps all. */
  public static @Nullable String spec(VmSpec spec, long hostBytes) {
    String wrong = name(spec.name());
    if (wrong == null && (spec.image() == null) == (spec.kernel() == null)) {
      wrong = "a VM is made of an image or of a kernel: give one of the two";
    }
    if (wrong == null && spec.image() != null) {
      String image = name(spec.image());
      wrong = image == null ? null : "image: " + image;
    }
    if (wrong == null && spec.kernel() == null && spec.initrd() != null) {
      wrong = "an initrd needs a kernel";
    }
    if (wrong == null) {
      wrong = memory(spec.memoryBytes(), hostBytes);
    }
    if (wrong == null) {
      wrong = cpus(spec.cpus());
    }
    return wrong == null ? cmdline(spec.cmdline()) : wrong;
  }

  /** A name for a VM whose user gave none, such as {@code brave-otter}. */
  public static String suggestName(Random random) {
    return ADJECTIVES[random.nextInt(ADJECTIVES.length)]
        + "-"
        + ANIMALS[random.nextInt(ANIMALS.length)];
  }

  private static String printable(String text) {
    return text.codePoints()
        .map(c -> c < ' ' || c == 127 ? '?' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static final String[] ADJECTIVES = {
    "amber", "brave", "bright", "calm", "clever", "cosy", "crisp", "eager", "fair", "fleet",
    "gentle", "glad", "golden", "happy", "humble", "jolly", "keen", "kind", "lively", "lucky",
    "mellow", "merry", "misty", "neat", "noble", "polite", "proud", "quick", "quiet", "rapid",
    "ready", "shiny", "silent", "silver", "smart", "snowy", "sunny", "swift", "tidy", "witty"
  };
  private static final String[] ANIMALS = {
    "badger", "beaver", "bison", "crane", "deer", "dolphin", "eagle", "falcon", "ferret", "finch",
    "fox", "gecko", "hare", "hawk", "heron", "ibex", "jay", "koala", "lark", "lemur",
    "lynx", "marten", "mole", "moose", "newt", "otter", "owl", "panda", "puffin", "quail",
    "raven", "robin", "seal", "stoat", "swan", "tapir", "toad", "trout", "vole", "wren"
  };
}
