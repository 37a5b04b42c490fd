package io.vivarium.library;

import io.vivarium.client.Disks;
import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.SpecRules;
import io.vivarium.client.TrashInfo;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.client.VmState;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The VMs on disk. Holds no state: any number of processes use one library at once. */
public final class Library {
  private static final Duration LONGEST_START = Duration.ofHours(1);

  private final Home home;

  private Library(Home home) {
    this.home = home;
  }

  /** Opens a library, making its folders and sweeping what dead processes left. */
  public static Library open(Home home) throws VivariumException {
    try {
      if (!Files.isDirectory(home.machines())) {
        Files.createDirectories(
            home.root(),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.createDirectories(home.machines());
      }
      Files.createDirectories(home.trash());
    } catch (IOException e) {
      throw Failures.explain("cannot use the library in " + home.root(), e);
    }
    return new Library(home);
  }

  public Home home() {
    return home;
  }

  /** Removes what dead processes left, and disposable VMs whose engine is gone. */
  public void sweep() {
    DurableFiles.sweep(home.machines());
    try {
      Trash.empty(home, Instant.now().minus(SnapshotTrash.KEPT));
    } catch (IOException e) {
      // It stays until the next sweep.
    }
    for (String name : names()) {
      MachineFolder folder = new MachineFolder(home.machines().resolve(name));
      DurableFiles.sweep(folder.trash());
      DurableFiles.sweep(new DiskLayers(folder.path()).folder());
      try {
        new SnapshotStore(home, folder).emptyTrash(Instant.now().minus(SnapshotTrash.KEPT));
        if (read(folder).disposable() && !EngineLock.held(folder.lock()) && startIsOver(folder)) {
          erase(folder);
        }
      } catch (VivariumException | IOException e) {
        // Named when somebody asks for this VM; it must not hide the others.
      }
    }
  }

  /** Whether a VM has been started, or whoever made it to start it has had time enough. */
  private static boolean startIsOver(MachineFolder folder) {
    return EngineStatus.read(folder.status()) != null
        || createdAt(folder).isBefore(Instant.now().minus(LONGEST_START));
  }

  /** What waits in the trash, oldest first. */
  public List<TrashInfo> trash() throws VivariumException {
    try {
      List<TrashInfo> all = new ArrayList<>(Trash.items(home));
      for (String name : names()) {
        all.addAll(new SnapshotStore(home, find(name)).trashInfos());
      }
      all.sort(Comparator.comparing(TrashInfo::removedAt));
      return all;
    } catch (IOException e) {
      throw Failures.explain("the trash cannot be listed", e);
    }
  }

  /**
   * Deletes for good all that waits in a trash: VMs, disks and snapshots; returns the bytes of the
   * host's disk that came free.
   */
  public long emptyTrash() throws VivariumException {
    long freed;
    try {
      freed = Trash.empty(home, Instant.MAX);
    } catch (IOException e) {
      throw Failures.explain("the trash cannot be emptied", e);
    }
    for (String name : names()) {
      try {
        freed += new SnapshotStore(home, find(name)).emptyTrash(Instant.MAX);
      } catch (IOException e) {
        throw Failures.explain("the trash of VM '" + name + "' cannot be emptied", e);
      }
    }
    return freed;
  }

  /** Names of all VMs, sorted. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    try (var folders = Files.newDirectoryStream(home.machines())) {
      for (Path folder : folders) {
        String name = String.valueOf(folder.getFileName());
        if (SpecRules.name(name) == null && Files.isDirectory(folder)) {
          names.add(name);
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      return List.of();
    }
    names.sort(null);
    return names;
  }

  /** The folder of a VM that exists. */
  public MachineFolder find(String name) throws VivariumException {
    String wrong = SpecRules.name(name);
    if (wrong != null) {
      throw new VivariumException(Kind.USAGE, wrong, "");
    }
    MachineFolder folder = new MachineFolder(home.machines().resolve(name));
    if (!Files.isDirectory(folder.path())) {
      String near = Suggest.nearest(name, names());
      throw new VivariumException(
          Kind.NOT_FOUND,
          "there is no VM '" + name + "'",
          near == null ? "'viv ps -a' lists all." : "Did you mean '" + near + "'?");
    }
    return folder;
  }

  public VmSpec read(MachineFolder folder) throws VivariumException {
    try {
      return SpecCodec.read(Json.parse(Files.readAllBytes(folder.spec())), folder.name());
    } catch (NoSuchFileException e) {
      throw damaged(folder, "it has no spec.json");
    } catch (JsonException e) {
      throw damaged(folder, "spec.json: " + e.getMessage());
    } catch (IOException e) {
      throw Failures.explain("cannot read VM '" + folder.name() + "'", e);
    }
  }

  /** The VM at this moment; an engine that died without a word shows as CRASHED. */
  public VmInfo info(MachineFolder folder) throws VivariumException {
    VmSpec spec = read(folder);
    EngineStatus status = EngineStatus.read(folder.status());
    boolean alive = status != null && EngineLock.held(folder.lock());
    VmState state = VmState.STOPPED;
    String reason = null;
    if (status != null) {
      boolean ended = status.state() == VmState.STOPPED || status.state() == VmState.CRASHED;
      if (!alive && !ended) {
        // It may have ended between the two looks: what it wrote last is its goodbye.
        EngineStatus last = EngineStatus.read(folder.status());
        status = last == null ? status : last;
        ended = status.state() == VmState.STOPPED || status.state() == VmState.CRASHED;
      }
      state = alive || ended ? status.state() : VmState.CRASHED;
      reason = alive || ended ? status.reason() : "its engine died without saying goodbye";
    }
    return new VmInfo(
        spec,
        state,
        alive && status != null ? status.pid() : 0,
        createdAt(folder),
        alive && status != null ? status.startedAt() : null,
        current(folder),
        reason,
        ConsoleTail.of(folder.consoleLog()));
  }

  /** Stands in lists for a VM whose spec cannot be read. */
  public VmInfo damagedInfo(String name, String why) {
    VmSpec spec = VmSpec.unreadable(name);
    return new VmInfo(spec, VmState.CRASHED, 0, Instant.EPOCH, null, null, why, "");
  }

  /** The console's log since the last start: what was rotated away, then the newest part. */
  public byte[] consoleLog(MachineFolder folder) throws VivariumException {
    java.io.ByteArrayOutputStream log = new java.io.ByteArrayOutputStream();
    for (Path part : List.of(folder.olderConsoleLog(), folder.consoleLog())) {
      try {
        log.writeBytes(Files.readAllBytes(part));
      } catch (NoSuchFileException e) {
        // Never started, or nothing was rotated.
      } catch (IOException e) {
        throw Failures.explain("cannot read the console's log of '" + folder.name() + "'", e);
      }
    }
    return log.toByteArray();
  }

  /** The disks that a VM gets from its image. */
  public interface ImageDisks {
    /** Makes them; the image's order. */
    List<DiskSpec> make(DiskLayers layers) throws VivariumException, IOException;
  }

  /** Makes the folder of a new, stopped VM that gets no disks from an image. */
  public MachineFolder create(VmSpec spec) throws VivariumException {
    return create(spec, layers -> List.of());
  }

  /**
   * Makes the folder of a new, stopped VM with its disks; the spec has been validated.
   *
   * @param imageDisks they come before those of the spec
   */
  public MachineFolder create(VmSpec spec, ImageDisks imageDisks) throws VivariumException {
    MachineFolder folder = new MachineFolder(home.machines().resolve(spec.name()));
    Path beside = DurableFiles.unfinished(home.machines());
    try {
      if (Files.exists(folder.path())) {
        throw taken(spec.name());
      }
      DurableFiles.makeFolders(beside);
      DurableFiles.makeFolders(beside.resolve("snapshots"));
      DurableFiles.makeFolders(beside.resolve("run"));
      DiskLayers layers = new DiskLayers(beside);
      List<DiskSpec> disks = new ArrayList<>(imageDisks.make(layers));
      for (DiskSpec wanted : spec.disks()) {
        disks.add(make(layers, wanted));
      }
      DurableFiles.write(
          beside.resolve("spec.json"), CheckedJson.write(SpecCodec.write(spec.withDisks(disks))));
      DurableFiles.rename(beside, folder.path());
      return folder;
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      throw taken(spec.name());
    } catch (IOException e) {
      if (Files.exists(folder.path()) && !Failures.full(e)) {
        throw taken(spec.name());
      }
      throw Failures.explain("cannot create VM '" + spec.name() + "'", e);
    } finally {
      discard(beside);
    }
  }

  /** Makes a disk, or looks at the file that shall be one. */
  public static DiskSpec make(DiskLayers layers, DiskSpec wanted)
      throws VivariumException, IOException {
    return Disks.inPlace(wanted) ? AttachedDisk.check(wanted) : layers.create(wanted);
  }

  /** Replaces a VM's spec, durably. */
  public static void rewrite(MachineFolder folder, VmSpec spec) throws IOException {
    FileTime created = Files.getLastModifiedTime(folder.spec());
    DurableFiles.write(folder.spec(), CheckedJson.write(SpecCodec.write(spec)));
    // Its time is the VM's birthday.
    Files.setLastModifiedTime(folder.spec(), created);
  }

  /**
   * Removes layers that were made in vain, but for those that the VM's spec names: a change of it
   * that failed may have been made all the same. All stay where that cannot be told.
   */
  public static void discard(MachineFolder folder, List<DiskSpec> made) throws IOException {
    List<String> named;
    try {
      VmSpec spec = SpecCodec.read(Json.parse(Files.readAllBytes(folder.spec())), folder.name());
      named = spec.disks().stream().map(DiskSpec::file).toList();
    } catch (JsonException e) {
      return;
    }
    new DiskLayers(folder.path())
        .discard(made.stream().filter(disk -> !named.contains(disk.file())).toList());
  }

  /** What is done to a VM while no engine runs it. */
  public interface Change<T extends @Nullable Object> {
    T make(MachineFolder folder, VmSpec spec) throws VivariumException, IOException;
  }

  /**
   * Changes a VM whose engine does not run, and keeps one from starting meanwhile.
   *
   * @param done for a sentence: "VM 'x' is running and cannot be {done}"
   */
  public <T extends @Nullable Object> T whileStopped(String name, String done, Change<T> change)
      throws VivariumException {
    MachineFolder folder = find(name);
    EngineLock lock = lockStopped(folder, done);
    try {
      return change.make(folder, read(folder));
    } catch (IOException e) {
      throw Failures.explain("VM '" + name + "' cannot be " + done, e);
    } finally {
      lock.close();
    }
  }

  /** Renames a VM whose engine does not run. */
  public void rename(String name, String newName) throws VivariumException {
    String wrong = SpecRules.name(newName);
    if (wrong != null) {
      throw new VivariumException(Kind.USAGE, wrong, "");
    }
    MachineFolder from = find(name);
    MachineFolder to = new MachineFolder(home.machines().resolve(newName));
    if (Files.exists(to.path())) {
      throw taken(newName);
    }
    EngineLock lock = lockStopped(from, "renamed");
    try {
      DurableFiles.rename(from.path(), to.path());
    } catch (IOException e) {
      throw Files.exists(to.path())
          ? taken(newName)
          : Failures.explain("cannot rename VM '" + name + "'", e);
    } finally {
      lock.close();
    }
  }

  /** Moves a VM whose engine does not run into the trash. */
  public void trash(String name) throws VivariumException {
    MachineFolder folder = find(name);
    EngineLock lock = lockStopped(folder, "removed");
    try {
      Trash.put(home, folder.path(), name);
    } catch (IOException e) {
      throw Failures.explain("cannot remove VM '" + name + "'", e);
    } finally {
      lock.close();
    }
  }

  /** Brings the VM back that was removed last under a name; it is not disposable any more. */
  public MachineFolder untrash(String name) throws VivariumException {
    MachineFolder folder = new MachineFolder(home.machines().resolve(name));
    Path item = null;
    try {
      item = Trash.newestVm(home, name);
      if (item == null) {
        throw new VivariumException(
            Kind.NOT_FOUND,
            "there is no VM '" + name + "' in the trash",
            "'viv trash ls' lists what is.");
      }
      if (Files.exists(folder.path())) {
        throw taken(name);
      }
      MachineFolder removed = new MachineFolder(item);
      VmSpec spec =
          SpecCodec.read(Json.parse(Files.readAllBytes(removed.spec())), name).as(name, false);
      rewrite(removed, spec);
      DurableFiles.rename(item, folder.path());
      return folder;
    } catch (JsonException e) {
      throw new VivariumException(
          Kind.BAD_FILE,
          "VM '" + name + "' cannot be brought back: its spec.json is damaged: " + e.getMessage(),
          "Look into " + item + ", where it lies.",
          e);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      throw taken(name);
    } catch (IOException e) {
      throw Failures.explain("VM '" + name + "' cannot be brought back", e);
    }
  }

  /** Deletes a disposable VM for good; it vanishes from the list at once. */
  public void erase(MachineFolder folder) throws IOException {
    Path beside = DurableFiles.unfinished(home.machines());
    try {
      DurableFiles.rename(folder.path(), beside);
    } catch (NoSuchFileException e) {
      return;
    }
    DurableFiles.deleteTree(beside);
  }

  /** Id of the snapshot that a VM descends from, or null; removed ones are passed over. */
  public static @Nullable String current(MachineFolder folder) {
    return SnapshotStore.current(folder);
  }

  private EngineLock lockStopped(MachineFolder folder, String done) throws VivariumException {
    try {
      Files.createDirectories(folder.run());
      EngineLock lock = EngineLock.acquire(folder.lock());
      if (lock != null) {
        return lock;
      }
    } catch (IOException e) {
      throw Failures.explain("VM '" + folder.name() + "' cannot be " + done, e);
    }
    throw new VivariumException(
        Kind.WRONG_STATE,
        "VM '" + folder.name() + "' is running and cannot be " + done,
        "Stop it first: viv stop " + folder.name());
  }

  static VivariumException taken(String name) {
    return new VivariumException(
        Kind.CONFLICT,
        "the name '" + name + "' is taken",
        "Choose another, or remove that VM: viv rm " + name);
  }

  private static VivariumException damaged(MachineFolder folder, String why) {
    return new VivariumException(
        Kind.BAD_FILE,
        "VM '" + folder.name() + "' is damaged: " + why,
        "Look into " + folder.path() + ", or remove it: viv rm " + folder.name());
  }

  private static Instant createdAt(MachineFolder folder) {
    try {
      return Files.readAttributes(folder.spec(), BasicFileAttributes.class)
          .lastModifiedTime()
          .toInstant();
    } catch (IOException e) {
      return Instant.EPOCH;
    }
  }

  private static void discard(Path unfinished) {
    try {
      DurableFiles.deleteTree(unfinished);
    } catch (IOException e) {
      // The next sweep takes it.
    }
  }
}
