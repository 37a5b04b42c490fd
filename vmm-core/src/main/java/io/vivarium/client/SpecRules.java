package io.vivarium.client;

import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.client.VmSpec.PortSpec;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a VM's spec may say, each rule in a sentence: for the command, and beside the field in a
 * wizard. A rule answers null when all is well.
 */
public final class SpecRules {
  public static final long MIN_MEMORY = 64 * Sizes.MIB;
  public static final int MAX_CPUS = 64;

  /** As many as machines take. */
  public static final int MAX_DISKS = 16;

  public static final int MAX_PORTS = 64;
  private static final long MIN_DISK = Sizes.MIB;
  private static final long MAX_DISK = 64L << 40;
  private static final Pattern TAP = Pattern.compile("tap:[a-zA-Z0-9_.-]{1,15}");
  private static final Pattern MAC = Pattern.compile("[0-9a-f][02468ace](:[0-9a-f]{2}){5}");
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

  /** A network interface's address; not one of a group. */
  public static @Nullable String mac(String mac) {
    return MAC.matcher(mac).matches() && !mac.equals("00:00:00:00:00:00")
        ? null
        : "'" + printable(mac) + "' is no address like 52:54:00:12:34:56";
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

  /**
   * Where a VM's network leads: {@code user}, {@code none}, {@code link:NAME}, {@code tap:NAME}.
   */
  public static @Nullable String network(String network) {
    if (network.equals("user") || network.equals("none") || TAP.matcher(network).matches()) {
      return null;
    }
    if (network.startsWith("link:")) {
      String wrong = name(network.substring("link:".length()));
      return wrong == null ? null : "network link: " + wrong;
    }
    return "the network '"
        + printable(network)
        + "' is not one of user, none, link:NAME, tap:INTERFACE";
  }

  /** One published port. */
  public static @Nullable String port(PortSpec port) {
    if (port.hostPort() < 1 || port.hostPort() > 65535) {
      return "the host's port " + port.hostPort() + " is not one of 1 to 65535";
    }
    if (port.guestPort() < 1 || port.guestPort() > 65535) {
      return "the guest's port " + port.guestPort() + " is not one of 1 to 65535";
    }
    if (!port.protocol().equals("tcp") && !port.protocol().equals("udp")) {
      return "the protocol '" + printable(port.protocol()) + "' is neither tcp nor udp";
    }
    if (!isAddress(port.hostAddress())) {
      return "the address '"
          + printable(port.hostAddress())
          + "' is not one of this host's in numbers, as in 127.0.0.1 or 0.0.0.0";
    }
    return null;
  }

  private static boolean isAddress(String text) {
    try {
      return !text.isEmpty() && !InetAddress.ofLiteral(text).getHostAddress().isEmpty();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** All published ports of a VM with such a network. */
  public static @Nullable String ports(List<PortSpec> ports, String network) {
    if (!ports.isEmpty() && !network.equals("user")) {
      return "ports can be published with the network 'user' only, not with '" + network + "'";
    }
    if (ports.size() > MAX_PORTS) {
      return ports.size() + " published ports are more than " + MAX_PORTS;
    }
    Set<String> taken = new HashSet<>();
    for (PortSpec port : ports) {
      String wrong = port(port);
      if (wrong != null) {
        return wrong;
      }
      if (!taken.add(port.hostAddress() + " " + port.hostPort() + port.protocol())) {
        return "the host's port " + port.hostPort() + " is published twice";
      }
    }
    return null;
  }

  /** One disk: a new one of a size, or a file. */
  public static @Nullable String disk(DiskSpec disk) {
    if (!disk.format().equals("raw") && !disk.format().equals("qcow2")) {
      return "the disk format '" + printable(disk.format()) + "' is neither raw nor qcow2";
    }
    if (disk.direct() && (disk.file().isEmpty() || !disk.format().equals("raw"))) {
      return "only a raw disk file of yours can be direct: a new disk is kept in layers";
    }
    if (!disk.file().isEmpty()) {
      boolean clean = disk.file().chars().noneMatch(c -> c < ' ');
      return clean ? null : "the file name of a disk has control characters";
    }
    if (disk.readOnly()) {
      return "a new disk cannot be read-only: nothing would ever be on it";
    }
    return diskSize(disk.sizeBytes());
  }

  /** The size of a disk in bytes. */
  public static @Nullable String diskSize(long bytes) {
    if (bytes < MIN_DISK || bytes > MAX_DISK) {
      return "a disk of "
          + Sizes.human(bytes)
          + " cannot be: it takes "
          + Sizes.human(MIN_DISK)
          + " to "
          + Sizes.human(MAX_DISK);
    }
    if (bytes % 512 != 0) {
      return "a disk of " + bytes + " bytes is not a whole number of sectors of 512 bytes";
    }
    return null;
  }

  private static @Nullable String devices(VmSpec spec) {
    if (spec.disks().size() > MAX_DISKS) {
      return spec.disks().size() + " disks are more than " + MAX_DISKS;
    }
    for (DiskSpec disk : spec.disks()) {
      String wrong = disk(disk);
      if (wrong != null) {
        return wrong;
      }
    }
    String wrong = network(spec.network());
    return wrong == null ? ports(spec.ports(), spec.network()) : wrong;
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
    if (wrong == null) {
      wrong = cmdline(spec.cmdline());
    }
    return wrong == null ? devices(spec) : wrong;
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
