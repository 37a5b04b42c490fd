package io.vivarium.client;

import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.DiskSpec;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Disks as people type them: {@code 20G}, {@code 20G,format=raw}, {@code FILE[,readonly]}. */
public final class Disks {
  private static final Pattern SIZE = Pattern.compile("\\d+([.]\\d+)?\\s*([kmgtKMGT]i?)?[bB]?");

  /** Formats of other programs, by the endings of their files; of archives, what is in them. */
  private static final Set<String> FOREIGN = Set.of("vmdk", "vdi", "vhd", "vhdx", "ova", "ovf");

  private Disks() {}

  /**
   * Says of a disk of another program's format how it is made one of ours.
   *
   * @param ending as in {@code vmdk}
   */
  public static VivariumException foreign(Path file, String ending) {
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    String made = (dot > 0 ? name.substring(0, dot) : name) + ".qcow2";
    String cure =
        switch (ending) {
          case "ova" -> "Unpack it (tar -xf " + name + "), then ";
          case "ovf" -> "It only describes a machine: take the disk beside it, and ";
          default -> "First ";
        };
    boolean disk = !ending.equals("ova") && !ending.equals("ovf");
    return new VivariumException(
        Kind.BAD_FILE,
        "the disk '" + file + "' is in the format " + ending + ", which Vivarium does not read",
        cure
            + "convert it: qemu-img convert -O qcow2 "
            + (disk ? name + " " + made : "DISK.vmdk DISK.qcow2"));
  }

  /**
   * Reads what is wanted: a size for a new disk, which {@link DiskSpec#file} then does not name, or
   * the file of one that is there.
   *
   * @throws VivariumException USAGE, when it is neither
   */
  public static DiskSpec parse(String typed) throws VivariumException {
    String[] words = typed.split(",", -1);
    String what = words[0].strip();
    String format = null;
    boolean readOnly = false;
    boolean direct = false;
    for (int i = 1; i < words.length; i++) {
      switch (words[i].strip()) {
        case "format=raw" -> format = "raw";
        case "format=qcow2" -> format = "qcow2";
        case "readonly" -> readOnly = true;
        case "direct" -> direct = true;
        default ->
            throw new VivariumException(
                Kind.USAGE,
                "disk '" + typed + "': '" + words[i] + "' is not known",
                "After the size or file may stand format=raw, format=qcow2, readonly, direct.");
      }
    }
    if (what.isEmpty()) {
      throw new VivariumException(
          Kind.USAGE, "a disk's size or file is needed", "As in --disk 20G or --disk data.qcow2.");
    }
    if (SIZE.matcher(what).matches()) {
      return new DiskSpec(
          "", format == null ? "qcow2" : format, Sizes.parse(what), readOnly, direct);
    }
    Path file = Path.of(what).toAbsolutePath().normalize();
    return new DiskSpec(
        file.toString(), format == null ? formatOf(file) : format, 0, readOnly, direct);
  }

  /** By the file's name: a look inside could be fooled by what a guest wrote there. */
  private static String formatOf(Path file) throws VivariumException {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (name.endsWith(".qcow2")) {
      return "qcow2";
    }
    if (name.endsWith(".raw") || name.endsWith(".img") || name.endsWith(".iso")) {
      return "raw";
    }
    int dot = name.lastIndexOf('.');
    if (FOREIGN.contains(name.substring(dot + 1))) {
      throw foreign(file, name.substring(dot + 1));
    }
    throw new VivariumException(
        Kind.USAGE,
        "the format of disk '" + file + "' does not show in its name",
        "Say it: --disk " + file + ",format=raw (or qcow2).");
  }

  /** What the guest calls the disk at a place: {@code vda}, {@code vdb}... */
  public static String guestName(int place) {
    return "vd" + (char) ('a' + place);
  }

  /** Whether a disk's file is the user's own, outside of the library, and used in place. */
  public static boolean inPlace(DiskSpec disk) {
    return disk.file().startsWith("/");
  }
}
