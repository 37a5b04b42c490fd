package io.vivarium.client;

import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.internal.DiskExports;
import io.vivarium.client.internal.DiskImport;
import io.vivarium.client.internal.EngineVms;
import io.vivarium.client.internal.Forks;
import io.vivarium.client.internal.HostImages;
import io.vivarium.client.internal.HostMemory;
import io.vivarium.client.internal.Snapshots;
import io.vivarium.client.internal.VmDevices;
import io.vivarium.library.Home;
import io.vivarium.library.HostPrograms;
import io.vivarium.library.Library;
import io.vivarium.library.LibraryCheck;
import io.vivarium.library.ScheduleFile;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@link Vivarium} on this host: the library's files and the engines' sockets. */
public final class VivariumHost implements Vivarium {
  private final Library library;
  private final EngineVms engines;
  private final HostImages images;
  private final VmDevices devices;
  private final Snapshots snapshots;
  private final Forks forks;

  private VivariumHost(Library library) {
    this.library = library;
    this.images = new HostImages(library.home());
    this.engines = new EngineVms(library, images);
    this.snapshots = new Snapshots(library, engines);
    this.devices = new VmDevices(library, engines, snapshots);
    this.forks = new Forks(library, engines);
  }

  /** Where the environment says: {@code VIVARIUM_HOME}, {@code XDG_DATA_HOME}, or the usual. */
  public static Path defaultHome() {
    return homeOf(System.getenv());
  }

  /** Where that environment says. */
  public static Path homeOf(Map<String, String> environment) {
    return Home.of(environment).root();
  }

  /** Fails where no VM can run, with the cure. */
  public static void needKvm() throws VivariumException {
    io.vivarium.client.internal.Doctor.needKvm();
  }

  /** Whether such a new VM may start from a warm snapshot of its image, once there is one. */
  public static boolean canStartWarm(VmSpec spec) {
    return spec.disks().isEmpty() && EngineVms.canStartWarm(spec);
  }

  /** Whether such a VM would start warm. */
  public boolean hasWarm(VmSpec spec) throws VivariumException {
    return engines.hasWarm(spec);
  }

  /** Opens the library in {@code home}, making it when it is not there. */
  public static VivariumHost open(Path home) throws VivariumException {
    return new VivariumHost(Library.open(new Home(home)));
  }

  /** Removes what dead processes left. Not on the way of a start: it looks at every VM. */
  public void sweep() {
    library.sweep();
  }

  /** Names of all VMs, without a look at each. */
  public List<String> names() {
    return library.names();
  }

  /** Bytes of this host's memory, for {@link SpecRules#memory}. */
  public static long hostMemory() {
    return HostMemory.total();
  }

  /**
   * The network of a VM whose user said nothing: what a person expects of a computer is that it
   * reaches the internet; none where this host lacks what that takes.
   */
  public static String defaultNetwork() {
    return HostPrograms.passt() == null ? "none" : "user";
  }

  @Override
  public List<VmInfo> list() throws VivariumException {
    List<VmInfo> all = new ArrayList<>();
    for (String name : library.names()) {
      try {
        all.add(library.info(library.find(name)));
      } catch (VivariumException e) {
        if (e.kind() != Kind.NOT_FOUND) {
          all.add(library.damagedInfo(name, String.valueOf(e.getMessage())));
        }
      }
    }
    return all;
  }

  @Override
  public VmInfo inspect(String name) throws VivariumException {
    return library.info(library.find(name));
  }

  @Override
  public VmInfo create(VmSpec spec, Progress progress) throws VivariumException {
    return create(spec, layers -> List.of());
  }

  @Override
  public VmInfo importDisk(VmSpec spec, VmSpec.DiskSpec source, Progress progress)
      throws VivariumException {
    return create(spec, layers -> List.of(DiskImport.copy(source, layers, progress)));
  }

  private VmInfo create(VmSpec spec, Library.ImageDisks imported) throws VivariumException {
    String wrong = SpecRules.spec(spec, hostMemory());
    if (wrong != null) {
      throw new VivariumException(Kind.USAGE, wrong, "");
    }
    if (spec.image() != null) {
      images.require(spec.image());
    }
    requireFile("kernel", spec.kernel());
    requireFile("initrd", spec.initrd());
    String image = spec.image();
    return library.info(
        library.create(
            spec,
            layers -> {
              List<VmSpec.DiskSpec> disks = new ArrayList<>();
              if (image != null) {
                disks.addAll(images.makeDisks(image, layers));
              }
              disks.addAll(imported.make(layers));
              return disks;
            }));
  }

  private static void requireFile(String what, @Nullable String path) throws VivariumException {
    if (path != null && !Files.isReadable(Path.of(path))) {
      throw new VivariumException(
          Kind.NOT_FOUND, "the " + what + " '" + path + "' cannot be read", "Check its path.");
    }
    if (path != null && !Files.isRegularFile(Path.of(path))) {
      throw new VivariumException(
          Kind.USAGE, "the " + what + " '" + path + "' is not a file", "Check its path.");
    }
    if (path != null && !Path.of(path).isAbsolute()) {
      throw new VivariumException(
          Kind.USAGE, "the " + what + " '" + path + "' needs an absolute path", "");
    }
  }

  @Override
  public VmInfo start(String name, boolean warm, Progress progress) throws VivariumException {
    return engines.start(name, warm, progress);
  }

  @Override
  public void prepareWarm(VmSpec spec, Progress progress) throws VivariumException {
    engines.prepareWarm(spec, progress);
  }

  @Override
  public void stop(String name, long timeoutMillis, Progress progress) throws VivariumException {
    engines.stop(name, timeoutMillis, progress);
  }

  @Override
  public void pause(String name) throws VivariumException {
    engines.call(name, "pause", new JsonObject());
  }

  @Override
  public void resume(String name) throws VivariumException {
    engines.call(name, "resume", new JsonObject());
  }

  @Override
  public void kill(String name) throws VivariumException {
    engines.kill(name);
  }

  @Override
  public void remove(String name, boolean force) throws VivariumException {
    library.find(name);
    if (force && engines.running(name)) {
      engines.kill(name);
    }
    library.trash(name);
  }

  @Override
  public void rename(String name, String newName) throws VivariumException {
    library.rename(name, newName);
  }

  @Override
  public VmInfo resize(String name, long memoryBytes, int cpus) throws VivariumException {
    String wrong = SpecRules.memory(memoryBytes, hostMemory());
    if (wrong == null) {
      wrong = SpecRules.cpus(cpus);
    }
    if (wrong != null) {
      throw new VivariumException(Kind.USAGE, wrong, "");
    }
    return library.whileStopped(
        name,
        "changed",
        (folder, spec) -> {
          Library.rewrite(folder, spec.withSize(memoryBytes, cpus));
          return library.info(folder);
        });
  }

  @Override
  public VmInfo untrash(String name) throws VivariumException {
    return library.info(library.untrash(name));
  }

  @Override
  public VmInfo attachDisk(String name, VmSpec.DiskSpec disk) throws VivariumException {
    return devices.attach(name, disk);
  }

  @Override
  public VmInfo detachDisk(String name, int place) throws VivariumException {
    return devices.detach(name, place);
  }

  @Override
  public VmInfo growDisk(String name, int place, long sizeBytes) throws VivariumException {
    return devices.grow(name, place, sizeBytes);
  }

  @Override
  public VmInfo publish(String name, List<VmSpec.PortSpec> ports) throws VivariumException {
    return devices.publish(name, ports);
  }

  @Override
  public void capture(String name, @Nullable Path file) throws VivariumException {
    engines.call(name, "network.capture", new JsonObject().put("file", file == null ? null : file));
  }

  @Override
  public VmStats stats(String name) throws VivariumException {
    return engines.stats(name);
  }

  @Override
  public String inspectEngine(String name) throws VivariumException {
    return Json.write(engines.call(name, "inspect", new JsonObject()));
  }

  @Override
  public byte[] logs(String name) throws VivariumException {
    return library.consoleLog(library.find(name));
  }

  @Override
  public ConsoleConnection console(String name, ConsoleConnection.Listener listener)
      throws VivariumException {
    return engines.console(name, listener);
  }

  @Override
  public ExecResult exec(
      String name, List<String> argv, @Nullable InputStream input, ExecListener output)
      throws VivariumException {
    return engines.exec(name, argv, input, output);
  }

  @Override
  public SnapshotInfo takeSnapshot(
      String name, @Nullable String snapshotName, String note, Progress progress)
      throws VivariumException {
    return snapshots.take(name, snapshotName, note, progress);
  }

  @Override
  public List<SnapshotInfo> snapshots(String name) throws VivariumException {
    return snapshots.list(name);
  }

  @Override
  public SnapshotInfo untrashSnapshot(String name, String snapshot) throws VivariumException {
    return snapshots.untrash(name, snapshot);
  }

  @Override
  public VmSpec snapshotSpec(String name, String snapshot) throws VivariumException {
    return snapshots.spec(name, snapshot);
  }

  @Override
  public VmInfo restoreSnapshot(String name, String snapshot, boolean keep, Progress progress)
      throws VivariumException {
    return snapshots.restore(name, snapshot, keep, progress);
  }

  @Override
  public VmInfo switchSnapshot(
      String name, String snapshot, @Nullable String keepAs, Progress progress)
      throws VivariumException {
    return snapshots.switchTo(name, snapshot, keepAs, progress);
  }

  @Override
  public SnapshotInfo editSnapshot(
      String name, String snapshot, @Nullable String newName, @Nullable String note)
      throws VivariumException {
    return snapshots.edit(name, snapshot, newName, note);
  }

  @Override
  public SnapshotInfo pinSnapshot(String name, String snapshot, boolean pinned)
      throws VivariumException {
    return snapshots.pin(name, snapshot, pinned);
  }

  @Override
  public void removeSnapshot(String name, String snapshot) throws VivariumException {
    snapshots.remove(name, snapshot);
  }

  @Override
  public String undo(String name, Progress progress) throws VivariumException {
    return snapshots.undo(name, progress);
  }

  @Override
  public @Nullable String undoable(String name) throws VivariumException {
    return snapshots.undoable(name);
  }

  @Override
  public List<TrashInfo> trash() throws VivariumException {
    return library.trash();
  }

  @Override
  public long emptyTrash() throws VivariumException {
    return library.emptyTrash();
  }

  @Override
  public void exportDisk(
      String name,
      @Nullable String snapshot,
      int place,
      String format,
      OutputStream target,
      Progress progress)
      throws VivariumException {
    new DiskExports(library).export(name, snapshot, place, format, target, progress);
  }

  @Override
  public SnapshotSchedule schedule(String name) throws VivariumException {
    return ScheduleFile.read(library.find(name));
  }

  @Override
  public void setSchedule(String name, SnapshotSchedule schedule) throws VivariumException {
    snapshots.setSchedule(name, schedule);
  }

  @Override
  public List<Finding> check(List<String> names, boolean repair, Progress progress)
      throws VivariumException {
    return LibraryCheck.check(library, names, repair, progress);
  }

  @Override
  public List<VmInfo> fork(String name, ForkRequest request, Progress progress)
      throws VivariumException {
    return forks.fork(name, request, progress);
  }

  @Override
  public VmInfo keep(String name) throws VivariumException {
    return forks.keep(name);
  }

  @Override
  public List<ImageInfo> images() throws VivariumException {
    return images.list();
  }

  @Override
  public ImageInfo buildImage(String image, Progress progress) throws VivariumException {
    return images.build(image, progress);
  }

  @Override
  public void removeImage(String image) throws VivariumException {
    images.remove(image, library);
  }

  @Override
  public String inspectImage(String image) throws VivariumException {
    return images.inspect(image);
  }

  @Override
  public HostRoom room() throws VivariumException {
    return io.vivarium.client.internal.Doctor.room(library.home());
  }

  @Override
  public List<HostCheck> doctor() {
    return io.vivarium.client.internal.Doctor.check(library.home());
  }

  @Override
  public AutoCloseable watch(WatchListener listener) throws VivariumException {
    return engines.watch(listener);
  }

  @Override
  public void close() {}
}
