package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.images.disk.BadImageException;
import io.vivarium.images.disk.Disk;
import io.vivarium.images.disk.DiskCopy;
import io.vivarium.images.disk.HolePunch;
import io.vivarium.images.disk.RawDisk;
import io.vivarium.images.disk.qcow2.BackingFiles;
import io.vivarium.images.disk.qcow2.Qcow2;
import io.vivarium.images.disk.qcow2.Qcow2Check;
import io.vivarium.images.disk.qcow2.Qcow2Disk;
import io.vivarium.images.disk.qcow2.Qcow2Indexes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.DoublePredicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files of one VM's own disks: {@code machines/<name>/disks}. Each is a layer, on top of
 * another of the same folder or of none; what a spec names is the top of its disk. A layer that
 * something stands on is sealed: never written again. Layers that come from an image or a warm
 * snapshot are hard links, so that this folder is whole by itself and nothing is copied.
 */
public final class DiskLayers {
  static final String FOLDER = "disks";
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.-]{0,99}");
  private static final String IMAGE = "image-";
  private static final long SECTOR = 512;

  /** Layers below one that is made by a snapshot. */
  static final int MOST = BackingFiles.MAX_DEPTH - 8;

  static final int MOST_AUTOMATIC = BackingFiles.MAX_DEPTH * 3 / 4;

  private final Path machine;
  private final Path folder;

  /** For a machine's folder, wherever it is. */
  public DiskLayers(Path machine) {
    this.machine = machine;
    this.folder = machine.resolve(FOLDER);
  }

  /** The folder, inside which all backing files lie. */
  public Path folder() {
    return folder;
  }

  /** The file of a disk. */
  public Path file(DiskSpec disk) throws IOException {
    if (Disks.inPlace(disk)) {
      return Path.of(disk.file());
    }
    Path file = machine.resolve(disk.file()).normalize();
    if (!folder.equals(file.getParent())
        || !NAME.matcher(String.valueOf(file.getFileName())).matches()) {
      throw new IOException("the disk file '" + disk.file() + "' is not in " + folder);
    }
    return file;
  }

  /** Makes an empty disk, durably. */
  public DiskSpec create(DiskSpec wanted) throws IOException {
    DurableFiles.makeFolders(folder);
    String name = newName(wanted.format());
    DurableFiles.create(
        folder.resolve(name),
        file -> {
          if (wanted.format().equals("raw")) {
            RawDisk.create(file, wanted.sizeBytes());
          } else {
            Qcow2.create(file, wanted.sizeBytes(), null, null);
          }
        });
    return new DiskSpec(FOLDER + "/" + name, wanted.format(), wanted.sizeBytes(), false);
  }

  /**
   * Makes a disk with another one's contents, durably.
   *
   * @param goOn told which part is done, 0.0 to 1.0; false ends the copy
   * @return null if that ended it: nothing is left then
   */
  public @Nullable DiskSpec copy(Disk from, DoublePredicate goOn) throws IOException {
    long bytes = Math.ceilDiv(from.size(), SECTOR) * SECTOR;
    DiskSpec made = create(new DiskSpec("", "qcow2", bytes, false));
    boolean whole = false;
    try {
      boolean all;
      try (Disk to = open(made, false)) {
        all = DiskCopy.copy(from, to, goOn);
      }
      whole = all; // only now: what closing writes may find the disk full
    } finally {
      if (!whole) {
        discard(List.of(made));
      }
    }
    return whole ? made : null;
  }

  /** Makes a new layer, durably, that reads as the disk does; the disk's file is sealed by it. */
  public DiskSpec overlay(DiskSpec base) throws IOException {
    String below = String.valueOf(file(base).getFileName());
    String name = newName("qcow2");
    DurableFiles.create(
        folder.resolve(name), file -> Qcow2.create(file, base.sizeBytes(), below, base.format()));
    return new DiskSpec(FOLDER + "/" + name, "qcow2", base.sizeBytes(), false);
  }

  /** New layers, durably, on top of all disks that are the VM's own; the others as they are. */
  public List<DiskSpec> overlays(List<DiskSpec> disks) throws IOException {
    List<DiskSpec> next = new ArrayList<>();
    try {
      for (DiskSpec disk : disks) {
        next.add(Disks.inPlace(disk) ? disk : overlay(disk));
      }
      return next;
    } catch (IOException e) {
      discard(next);
      throw e;
    }
  }

  /**
   * Disks that read as sealed ones of another machine do: their layers under this folder's names,
   * and new ones on top. Not durably.
   */
  List<DiskSpec> fork(DiskLayers other, List<DiskSpec> disks) throws IOException {
    List<DiskSpec> made = new ArrayList<>();
    for (DiskSpec disk : disks) {
      if (Disks.inPlace(disk)) {
        made.add(disk);
        continue;
      }
      if (!Files.isDirectory(folder)) {
        DurableFiles.makeFolderQuickly(folder);
      }
      for (String name : other.chain(disk)) {
        HardLinks.link(other.folder.resolve(name), folder.resolve(name));
        Path index = Qcow2Indexes.file(other.folder.resolve(name));
        if (Files.exists(index)) {
          HardLinks.link(index, Qcow2Indexes.file(folder.resolve(name)));
        }
      }
      String name = newName("qcow2");
      DurableFiles.makeQuickly(
          folder.resolve(name),
          file -> Qcow2.create(file, disk.sizeBytes(), other.fileName(disk), disk.format()));
      made.add(new DiskSpec(FOLDER + "/" + name, "qcow2", disk.sizeBytes(), false));
    }
    return made;
  }

  /**
   * Why no layer fits on top of the disks any more, or null. Room is left for the layers of
   * restores, so that what was taken can be opened; and automatic snapshots leave a person some.
   */
  public @Nullable String tooDeep(List<DiskSpec> disks, boolean automatic) throws IOException {
    int most = automatic ? MOST_AUTOMATIC : MOST;
    if (names().size() < most) {
      return null;
    }
    for (DiskSpec disk : disks) {
      if (!Disks.inPlace(disk)
          && Qcow2Indexes.depth(file(disk)) >= most
          && chain(disk).size() >= most) {
        return "its disk "
            + Disks.guestName(disks.indexOf(disk))
            + " stands on "
            + most
            + " snapshots one after another, and on no more";
      }
    }
    return null;
  }

  /** Why the disks cannot be kept in a snapshot, or null. */
  public static @Nullable String unkeepable(List<DiskSpec> disks) {
    for (DiskSpec disk : disks) {
      if (Disks.inPlace(disk) && !disk.readOnly()) {
        return "its disk " + disk.file() + " is used in place, where no state of it can be kept";
      }
    }
    return null;
  }

  /**
   * Whether disks read as others do because they are layers on top of them to which nothing was
   * written. Not while a machine writes to them.
   */
  public boolean unwritten(List<DiskSpec> disks, List<DiskSpec> below) throws IOException {
    if (disks.size() != below.size()) {
      return false;
    }
    for (int i = 0; i < disks.size(); i++) {
      DiskSpec top = disks.get(i);
      DiskSpec base = below.get(i);
      boolean same =
          top.equals(base)
              || (!Disks.inPlace(top)
                  && !Disks.inPlace(base)
                  && top.format().equals("qcow2")
                  && top.sizeBytes() == base.sizeBytes()
                  && String.valueOf(file(base).getFileName()).equals(base(fileName(top)))
                  && Qcow2.isEmpty(file(top)));
      if (!same) {
        return false;
      }
    }
    return true;
  }

  private String fileName(DiskSpec disk) throws IOException {
    return String.valueOf(file(disk).getFileName());
  }

  /**
   * A disk on top of one of an image's.
   *
   * @param digest of the image, which tells its disks from those of an older one
   * @param place of the disk in the image
   */
  public DiskSpec onImage(String digest, int place, Path image, String format, long size)
      throws IOException {
    DurableFiles.makeFolders(folder);
    String hex = digest.substring(digest.indexOf(':') + 1);
    String name = IMAGE + hex.substring(0, Math.min(16, hex.length())) + "-" + place + "." + format;
    adopt(image, name);
    return overlay(new DiskSpec(FOLDER + "/" + name, format, size, false));
  }

  /**
   * Makes an index of a sealed disk's layers where they have become many. It is no loss: whoever
   * opens them looks whether it is right. Nobody may exchange layers meanwhile.
   */
  void index(DiskSpec disk) throws IOException {
    if (!Disks.inPlace(disk) && disk.format().equals("qcow2")) {
      Path top = file(disk);
      byte[] index = Qcow2Indexes.wanted(top) ? Qcow2Indexes.make(top) : null;
      if (index != null) {
        DurableFiles.writeQuickly(Qcow2Indexes.file(top), index);
      }
    }
  }

  /** Removes all indexes, before layers are exchanged that they tell of. */
  void forgetIndexes() throws IOException {
    for (Path file : LibraryCheck.entries(folder)) {
      if (Qcow2Indexes.layerOf(String.valueOf(file.getFileName())) != null) {
        DurableFiles.delete(file);
      }
    }
  }

  /** Opens a disk to read it, where nobody writes to it. */
  public Disk openSealed(DiskSpec disk) throws IOException {
    return open(disk, true);
  }

  /** Makes a disk larger, durably; nobody may have it open. */
  public void grow(DiskSpec disk, long bytes) throws IOException {
    DurableFiles.change(
        file(disk),
        same -> {
          try (Disk open = open(disk, false)) {
            open.resize(bytes);
            open.flush();
          }
        });
  }

  /** The disk with the size that its file tells. */
  DiskSpec measured(DiskSpec disk) throws IOException {
    Path file = file(disk);
    long size = disk.format().equals("raw") ? Files.size(file) : Qcow2Check.check(file).size();
    return disk.withSize(size);
  }

  /** Repairs what a crash left in a disk's own file; what it stands on must be there. */
  void settle(DiskSpec disk) throws IOException {
    if (disk.format().equals("qcow2")) {
      Qcow2Disk.repair(file(disk));
      String base = base(fileName(disk));
      if (base != null && !Files.exists(folder.resolve(base))) {
        throw new BadImageException("the file " + base + " that it stands on is missing");
      }
    } else {
      open(disk, false).close();
    }
  }

  /** Opens a disk and all that it stands on. */
  Disk open(DiskSpec disk, boolean readOnly) throws IOException {
    BackingFiles below = Disks.inPlace(disk) ? BackingFiles.none() : BackingFiles.inside(folder);
    return open(disk, readOnly, below);
  }

  private Disk open(DiskSpec disk, boolean readOnly, BackingFiles below) throws IOException {
    Path file = file(disk);
    return disk.format().equals("raw")
        ? RawDisk.open(file, readOnly, HolePunch.Factory.NONE)
        : Qcow2Disk.open(file, readOnly, below, HolePunch.Factory.NONE);
  }

  /**
   * Proves that a disk can be opened: its own file, and those below it down to one that an index
   * tells of; of what is further down, that it is there. Who reads the disk looks at the rest.
   */
  void proveOpens(DiskSpec disk) throws IOException {
    open(disk, true, Disks.inPlace(disk) ? BackingFiles.none() : BackingFiles.listed(folder))
        .close();
  }

  /** Whether a layer is an image's own. */
  static boolean ofImage(String layer) {
    return layer.startsWith(IMAGE);
  }

  /** Whether disks of an image are here. */
  public boolean hasImage() {
    return names().stream().anyMatch(name -> name.startsWith(IMAGE));
  }

  /** Takes over all layers of another machine's folder, where nothing writes to them any more. */
  public void adoptAll(DiskLayers other) throws IOException {
    DurableFiles.makeFolders(folder);
    for (String name : other.names()) {
      adopt(other.folder.resolve(name), name);
    }
  }

  private void adopt(Path from, String name) throws IOException {
    HardLinks.link(from, folder.resolve(name));
    DurableFiles.sync(folder);
  }

  /** Removes layers that were made in vain. */
  public void discard(List<DiskSpec> layers) throws IOException {
    for (DiskSpec layer : layers) {
      if (!Disks.inPlace(layer)) {
        DurableFiles.delete(file(layer));
      }
    }
  }

  /** Names of the files that a disk is made of, from the top. */
  List<String> chain(DiskSpec disk) throws IOException {
    Set<String> chain = new LinkedHashSet<>();
    addChain(disk, chain);
    return List.copyOf(chain);
  }

  /** Adds the names of the files that a disk is made of, down to the first that is there. */
  void addChain(DiskSpec disk, Set<String> names) throws IOException {
    String name = fileName(disk);
    while (name != null && names.add(name)) {
      name = baseOf(name);
    }
  }

  /** What a layer stands on, or null. Its name tells its format. */
  @Nullable String baseOf(String layer) throws IOException {
    return layer.endsWith(".raw") ? null : base(layer);
  }

  private @Nullable String base(String name) throws IOException {
    String base = Qcow2.backingFile(folder.resolve(name));
    if (base != null && !NAME.matcher(base).matches()) {
      throw new IOException("the disk file " + name + " stands on one outside of " + folder);
    }
    return base;
  }

  /**
   * Removes the layers that are not used, and the checksums of those that are not there.
   *
   * @param trash where they go; null: they are deleted
   * @return bytes of the host's disk that came free
   */
  long prune(Set<String> used, Path sums, @Nullable Path trash) throws IOException {
    long freed = 0;
    for (String name : names()) {
      if (!used.contains(name)) {
        Path file = folder.resolve(name);
        if (trash == null || name.startsWith(IMAGE)) {
          freed += DiskUsage.of(file).allocated();
          DurableFiles.delete(file);
        } else {
          DurableFiles.makeFolders(trash);
          DurableFiles.rename(file, trash.resolve(name));
        }
        DurableFiles.delete(Qcow2Indexes.file(file));
        DurableFiles.delete(SealedSums.file(sums, name));
      }
    }
    return freed;
  }

  /** All finished layers. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    try (var files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (NAME.matcher(name).matches()) {
          names.add(name);
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      return List.of();
    }
    return names;
  }

  private static String newName(String format) {
    return UUID.randomUUID().toString().replace("-", "").substring(0, 12) + "." + format;
  }
}
