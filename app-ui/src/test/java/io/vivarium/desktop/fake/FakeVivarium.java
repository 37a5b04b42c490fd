package io.vivarium.desktop.fake;

import io.vivarium.client.ConsoleConnection;
import io.vivarium.client.ExecResult;
import io.vivarium.client.Finding;
import io.vivarium.client.ForkRequest;
import io.vivarium.client.HostCheck;
import io.vivarium.client.HostCheck.Status;
import io.vivarium.client.HostRoom;
import io.vivarium.client.ImageInfo;
import io.vivarium.client.Progress;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.TrashInfo;
import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmState;
import io.vivarium.client.VmStats;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A host in memory. Tests script failures and delays; several desktops may share one. */
public final class FakeVivarium implements Vivarium {
  private final Map<String, Machine> machines = new TreeMap<>();
  private final Map<String, Machine> removed = new TreeMap<>();
  private final List<ImageInfo> images = new ArrayList<>();
  private final List<WatchListener> watchers = new CopyOnWriteArrayList<>();
  private final Map<String, VivariumException> failures = new ConcurrentHashMap<>();
  private final Map<String, CountDownLatch> gates = new ConcurrentHashMap<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private final List<HostCheck> checks = new CopyOnWriteArrayList<>();
  private final List<Finding> findings = new ArrayList<>();
  private final InstantSource clock;
  private volatile long freeBytes = 100L << 30;

  /** Something that can be taken back: a removed snapshot, or the one to go back to. */
  private record Undo(String what, @Nullable SnapshotInfo removed, @Nullable String back) {}

  private static final class Machine {
    VmSpec spec;
    VmState state = VmState.STOPPED;
    final Instant createdAt;
    @Nullable Instant startedAt;
    @Nullable String snapshot;
    @Nullable String reason;
    final FakeGuest guest = new FakeGuest();
    final List<SnapshotInfo> snapshots = new ArrayList<>();
    final Map<String, FakeGuest.Saved> saved = new TreeMap<>();
    final Map<String, VmSpec> savedSpecs = new TreeMap<>();
    SnapshotSchedule schedule = SnapshotSchedule.DEFAULT;
    final List<Undo> undos = new ArrayList<>();
    int taken;

    Machine(VmSpec spec, Instant createdAt) {
      this.spec = spec;
      this.createdAt = createdAt;
    }
  }

  public FakeVivarium(InstantSource clock) {
    this.clock = clock;
    images.add(
        new ImageInfo(
            "debian-tiny",
            "Debian's cloud kernel and a busybox shell",
            true,
            "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
            23_400_000,
            true));
    images.add(
        new ImageInfo(
            "debian-12", "Debian 12 with systemd and apt, 1 GiB of disk", false, null, 0, false));
    checks.add(new HostCheck("kvm", "Hardware virtualization", Status.OK, "/dev/kvm, API 12", ""));
    checks.add(
        new HostCheck(
            "assist",
            "Guest kernel code",
            Status.NOTE,
            "This KVM interprets ring 0: guests run slower, with the assist.",
            ""));
    checks.add(new HostCheck("memory", "Memory", Status.OK, "18 of 24 GiB are free", ""));
    checks.add(
        new HostCheck(
            "passt",
            "Network without root",
            Status.WARNING,
            "passt is not installed, so guests have no network.",
            "sudo apt install passt"));
  }

  // What tests say.

  /** The next calls of this method fail, until {@link #cure}. */
  public void failWith(String method, VivariumException why) {
    failures.put(method, why);
  }

  public void cure(String method) {
    failures.remove(method);
  }

  /** Calls of this method wait until the latch opens. */
  public CountDownLatch hold(String method) {
    CountDownLatch latch = new CountDownLatch(1);
    gates.put(method, latch);
    return latch;
  }

  /** The methods that were called, with their VM. */
  public List<String> calls() {
    return List.copyOf(calls);
  }

  public synchronized void add(VmSpec spec, VmState state, Instant since, String console) {
    Machine machine = new Machine(spec, since);
    machine.state = state;
    machine.startedAt = state == VmState.RUNNING || state == VmState.PAUSED ? since : null;
    if (machine.startedAt == null) {
      machine.guest.print(console);
    } else {
      machine.guest.boot(console);
    }
    machines.put(spec.name(), machine);
  }

  public synchronized void addSnapshot(String vm, SnapshotInfo snapshot) {
    Machine machine = machines.get(vm);
    if (machine != null) {
      machine.snapshots.add(snapshot);
      machine.saved.put(snapshot.id(), machine.guest.save());
      machine.snapshot = snapshot.id();
    }
  }

  public synchronized void clearImages() {
    images.clear();
  }

  /** How much is free on the host's disk from now on. */
  public void leaveFree(long bytes) {
    freeBytes = bytes;
  }

  /** A VM pauses by itself. */
  public void pauseBecause(String name, String reason) throws VivariumException {
    Machine machine = find(name);
    machine.reason = reason;
    enterState(machine, VmState.PAUSED);
  }

  /** The engine of a VM dies. */
  public void crash(String name, String reason) throws VivariumException {
    Machine machine = find(name);
    machine.state = VmState.CRASHED;
    machine.startedAt = null;
    machine.reason = reason;
    machine.guest.hangUp();
    changed(name);
  }

  /** A guest writes on its console. */
  public void print(String name, String text) throws VivariumException {
    find(name).guest.print(text);
  }

  public String console(String name) throws VivariumException {
    return find(name).guest.text();
  }

  private void enter(String method, String subject) throws VivariumException {
    calls.add((method + " " + subject).strip());
    CountDownLatch gate = gates.get(method);
    if (gate != null) {
      try {
        gate.await();
      } catch (InterruptedException e) {
        throw new VivariumException(Kind.CANCELLED, "interrupted", "", e);
      }
    }
    VivariumException failure = failures.get(method);
    if (failure != null) {
      throw failure;
    }
  }

  private synchronized Machine find(String name) throws VivariumException {
    Machine machine = machines.get(name);
    if (machine == null) {
      throw new VivariumException(Kind.NOT_FOUND, "There is no VM '" + name + "'.", "");
    }
    return machine;
  }

  private void changed(String name) {
    for (WatchListener watcher : watchers) {
      watcher.changed(name);
    }
  }

  private static VmInfo info(Machine machine) {
    return new VmInfo(
        machine.spec,
        machine.state,
        machine.startedAt == null ? 0 : 4711,
        machine.createdAt,
        machine.startedAt,
        machine.snapshot,
        machine.reason,
        lastLines(machine.guest.text()));
  }

  private static String lastLines(String text) {
    List<String> lines = text.lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 12), lines.size()));
  }

  private void enterState(Machine machine, VmState state) {
    machine.state = state;
    changed(machine.spec.name());
  }

  // Vivarium.

  @Override
  public List<VmInfo> list() throws VivariumException {
    VivariumException failure = failures.get("list");
    if (failure != null) {
      throw failure;
    }
    synchronized (this) {
      return machines.values().stream().map(FakeVivarium::info).toList();
    }
  }

  @Override
  public VmInfo inspect(String name) throws VivariumException {
    return info(find(name));
  }

  @Override
  public VmInfo create(VmSpec spec, Progress progress) throws VivariumException {
    enter("create", spec.name());
    synchronized (this) {
      if (machines.containsKey(spec.name())) {
        throw new VivariumException(Kind.CONFLICT, "'" + spec.name() + "' is taken.", "");
      }
      machines.put(spec.name(), new Machine(spec, clock.instant()));
    }
    changed(spec.name());
    return inspect(spec.name());
  }

  @Override
  public VmInfo importDisk(VmSpec spec, VmSpec.DiskSpec source, Progress progress)
      throws VivariumException {
    enter("importDisk", spec.name() + " " + source.file());
    VmSpec.DiskSpec made = new VmSpec.DiskSpec("disks/made.qcow2", "qcow2", 8L << 30, false);
    return create(spec.withDisks(List.of(made)), progress);
  }

  @Override
  public VmInfo start(String name, boolean warm, Progress progress) throws VivariumException {
    Machine machine = find(name);
    enter("start", name);
    enterState(machine, VmState.STARTING);
    machine.startedAt = clock.instant();
    machine.reason = null;
    machine.guest.boot("Linux version 6.1.0-50-cloud-amd64\r\nWelcome to debian-tiny.\r\n");
    enterState(machine, VmState.RUNNING);
    return info(machine);
  }

  @Override
  public void prepareWarm(VmSpec spec, Progress progress) throws VivariumException {
    String image = String.valueOf(spec.image());
    progress.update("booting " + image + " once", 0.3);
    progress.line("[    0.000000] Linux version 6.1.0-50-cloud-amd64 (debian-kernel)");
    progress.line("[    0.000000] Command line: console=ttyS0 panic=-1");
    progress.line("[    0.214511] printk: console [ttyS0] enabled");
    progress.line("[    0.401202] Memory: 221480K/261624K available");
    enter("prepareWarm", image);
    progress.update("keeping the warm snapshot", 1);
  }

  @Override
  public VmInfo attachDisk(String name, VmSpec.DiskSpec disk) throws VivariumException {
    enter("attachDisk", name);
    List<VmSpec.DiskSpec> disks = new ArrayList<>(find(name).spec.disks());
    disks.add(disk);
    return changed(name, find(name).spec.withDisks(disks));
  }

  @Override
  public VmInfo detachDisk(String name, int place) throws VivariumException {
    enter("detachDisk", name);
    List<VmSpec.DiskSpec> disks = new ArrayList<>(find(name).spec.disks());
    disks.remove(place);
    return changed(name, find(name).spec.withDisks(disks));
  }

  @Override
  public VmInfo growDisk(String name, int place, long sizeBytes) throws VivariumException {
    enter("growDisk", name);
    List<VmSpec.DiskSpec> disks = new ArrayList<>(find(name).spec.disks());
    VmSpec.DiskSpec disk = disks.get(place);
    disks.set(place, new VmSpec.DiskSpec(disk.file(), disk.format(), sizeBytes, disk.readOnly()));
    return changed(name, find(name).spec.withDisks(disks));
  }

  @Override
  public VmInfo publish(String name, List<VmSpec.PortSpec> ports) throws VivariumException {
    enter("publish", name);
    return changed(name, find(name).spec.withNetwork("user", ports));
  }

  private VmInfo changed(String name, VmSpec spec) throws VivariumException {
    Machine machine = find(name);
    machine.spec = spec;
    changed(name);
    return info(machine);
  }

  @Override
  public void capture(String name, java.nio.file.@Nullable Path file) throws VivariumException {
    enter("capture", name);
  }

  @Override
  public void stop(String name, long timeoutMillis, Progress progress) throws VivariumException {
    Machine machine = find(name);
    enterState(machine, VmState.STOPPING);
    enter("stop", name);
    end(machine);
  }

  private void end(Machine machine) {
    machine.startedAt = null;
    enterState(machine, VmState.STOPPED);
    machine.guest.hangUp();
  }

  @Override
  public void pause(String name) throws VivariumException {
    enter("pause", name);
    enterState(find(name), VmState.PAUSED);
  }

  @Override
  public void resume(String name) throws VivariumException {
    enter("resume", name);
    find(name).reason = null;
    enterState(find(name), VmState.RUNNING);
  }

  @Override
  public void kill(String name) throws VivariumException {
    enter("kill", name);
    end(find(name));
  }

  @Override
  public void remove(String name, boolean force) throws VivariumException {
    enter("remove", name);
    Machine machine = find(name);
    synchronized (this) {
      machines.remove(name);
      removed.put(name, machine);
    }
    machine.guest.hangUp();
    changed(name);
  }

  @Override
  public void rename(String name, String newName) throws VivariumException {
    enter("rename", name);
    Machine machine = find(name);
    VmSpec s = machine.spec;
    synchronized (this) {
      machines.remove(name);
      machine.spec =
          new VmSpec(
              s.version(),
              newName,
              s.image(),
              s.kernel(),
              s.initrd(),
              s.cmdline(),
              s.memoryBytes(),
              s.cpus(),
              s.disks(),
              s.ports(),
              s.network(),
              s.disposable());
      machines.put(newName, machine);
    }
    changed(name);
    changed(newName);
  }

  @Override
  public VmStats stats(String name) throws VivariumException {
    long up = 1_000_000L * Math.max(1, clock.instant().toEpochMilli() % 1_000_000);
    return new VmStats(
        up, up / 20, find(name).spec.memoryBytes(), 41L << 20, 93L << 20, 1 << 20, 1 << 18, 0, 0);
  }

  @Override
  public String inspectEngine(String name) throws VivariumException {
    find(name);
    return "{\n  \"exits\": {\"io\": 18233, \"mmio\": 0, \"hlt\": 911}\n}";
  }

  @Override
  public byte[] logs(String name) throws VivariumException {
    return find(name).guest.text().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public ConsoleConnection console(String name, ConsoleConnection.Listener listener)
      throws VivariumException {
    Machine machine = find(name);
    if (machine.startedAt == null) {
      throw new VivariumException(Kind.WRONG_STATE, name + " is not running.", "");
    }
    calls.add("console " + name);
    machine.guest.connect(listener);
    return new ConsoleConnection() {
      @Override
      public void send(byte[] data) {
        machine.guest.type(data);
      }

      @Override
      public void resize(int columns, int rows) {
        calls.add("resize " + name);
      }

      @Override
      public void close() {
        machine.guest.disconnect(listener);
      }
    };
  }

  @Override
  public ExecResult exec(
      String name, List<String> argv, java.io.@Nullable InputStream input, ExecListener output)
      throws VivariumException {
    find(name);
    calls.add("exec " + name + " " + String.join(" ", argv));
    return new ExecResult(0);
  }

  @Override
  public SnapshotInfo takeSnapshot(
      String name, @Nullable String snapshotName, String note, Progress progress)
      throws VivariumException {
    progress.update("writing memory", 0.5);
    enter("takeSnapshot", name);
    SnapshotInfo made = keep(name, snapshotName == null ? "snapshot" : snapshotName, false);
    changed(name);
    return editSnapshot(name, made.id(), null, note);
  }

  @Override
  public synchronized List<SnapshotInfo> snapshots(String name) throws VivariumException {
    return List.copyOf(find(name).snapshots);
  }

  @Override
  public synchronized VmSpec snapshotSpec(String name, String snapshot) throws VivariumException {
    Machine machine = find(name);
    return machine.savedSpecs.getOrDefault(snapshot(name, snapshot).id(), machine.spec);
  }

  @Override
  public VmInfo restoreSnapshot(String name, String snapshot, boolean keep, Progress progress)
      throws VivariumException {
    enter("restoreSnapshot", name);
    return go(name, snapshot, keep ? keep(name, "before-restore", true) : null);
  }

  /** Keeps what a VM is now. */
  private synchronized SnapshotInfo keep(String name, String as, boolean automatic)
      throws VivariumException {
    Machine machine = find(name);
    String id = "s" + ++machine.taken;
    SnapshotInfo made =
        new SnapshotInfo(
            id,
            automatic ? as + "-" + machine.taken : as,
            machine.snapshot,
            "",
            clock.instant(),
            machine.startedAt != null,
            automatic,
            false,
            38L << 20,
            57L << 20,
            95L << 20,
            lastLines(machine.guest.text()),
            null);
    machine.snapshots.add(made);
    machine.saved.put(id, machine.guest.save());
    machine.savedSpecs.put(id, machine.spec);
    machine.snapshot = id;
    return made;
  }

  private synchronized VmInfo go(String name, String snapshot, @Nullable SnapshotInfo kept)
      throws VivariumException {
    Machine machine = find(name);
    SnapshotInfo wanted = snapshot(name, snapshot);
    FakeGuest.Saved saved = machine.saved.get(wanted.id());
    machine.guest.hangUp();
    if (saved != null) {
      machine.guest.load(saved);
    }
    machine.snapshot = wanted.id();
    machine.startedAt = wanted.live() ? clock.instant() : null;
    if (kept != null) {
      String what = "the return of VM '" + name + "' to the snapshot '" + wanted.name() + "'";
      machine.undos.add(new Undo(what, null, kept.id()));
    }
    enterState(machine, wanted.live() ? VmState.RUNNING : VmState.STOPPED);
    return info(machine);
  }

  @Override
  public synchronized void removeSnapshot(String name, String snapshot) throws VivariumException {
    enter("removeSnapshot", name);
    Machine machine = find(name);
    SnapshotInfo gone = snapshot(name, snapshot);
    machine.snapshots.remove(gone);
    machine.undos.add(new Undo("the removal of the snapshot '" + gone.name() + "'", gone, null));
    changed(name);
  }

  @Override
  public VmInfo switchSnapshot(
      String name, String snapshot, @Nullable String keepAs, Progress progress)
      throws VivariumException {
    enter("switchSnapshot", name);
    return go(name, snapshot, keep(name, String.valueOf(keepAs), false));
  }

  @Override
  public synchronized SnapshotInfo editSnapshot(
      String name, String snapshot, @Nullable String newName, @Nullable String note)
      throws VivariumException {
    SnapshotInfo old = snapshot(name, snapshot);
    return replace(
        name,
        old,
        newName == null ? old.name() : newName,
        note == null ? old.note() : note,
        old.pinned());
  }

  @Override
  public synchronized SnapshotInfo pinSnapshot(String name, String snapshot, boolean pinned)
      throws VivariumException {
    SnapshotInfo old = snapshot(name, snapshot);
    return replace(name, old, old.name(), old.note(), pinned);
  }

  private SnapshotInfo replace(
      String vm, SnapshotInfo old, String name, String note, boolean pinned)
      throws VivariumException {
    SnapshotInfo made =
        new SnapshotInfo(
            old.id(),
            name,
            old.parent(),
            note,
            old.takenAt(),
            old.live(),
            old.automatic(),
            pinned,
            old.ownBytes(),
            old.sharedBytes(),
            old.totalBytes(),
            old.lastConsoleLines(),
            old.damage());
    find(vm).snapshots.replaceAll(one -> one.id().equals(old.id()) ? made : one);
    changed(vm);
    return made;
  }

  private SnapshotInfo snapshot(String vm, String idOrName) throws VivariumException {
    return find(vm).snapshots.stream()
        .filter(s -> s.id().equals(idOrName) || s.name().equals(idOrName))
        .findFirst()
        .orElseThrow(() -> new VivariumException(Kind.NOT_FOUND, "There is no " + idOrName, ""));
  }

  @Override
  public synchronized String undo(String name, Progress progress) throws VivariumException {
    enter("undo", name);
    Machine machine = find(name);
    if (machine.undos.isEmpty()) {
      throw new VivariumException(Kind.WRONG_STATE, "there is nothing to take back", "");
    }
    Undo undo = machine.undos.removeLast();
    if (undo.removed() != null) {
      machine.snapshots.add(undo.removed());
      changed(name);
    } else if (undo.back() != null) {
      go(name, undo.back(), null);
    }
    return "Took back " + undo.what() + ".";
  }

  @Override
  public synchronized @Nullable String undoable(String name) throws VivariumException {
    List<Undo> undos = find(name).undos;
    return undos.isEmpty() ? null : undos.getLast().what();
  }

  @Override
  public synchronized List<TrashInfo> trash() {
    List<TrashInfo> all = new ArrayList<>();
    removed.keySet().forEach(name -> all.add(new TrashInfo(null, name, clock.instant(), 20 << 20)));
    machines.forEach(
        (vm, machine) ->
            machine.undos.stream()
                .map(Undo::removed)
                .filter(java.util.Objects::nonNull)
                .forEach(
                    gone -> all.add(new TrashInfo(vm, gone.name(), clock.instant(), 1 << 20))));
    return all;
  }

  @Override
  public synchronized SnapshotInfo untrashSnapshot(String name, String snapshot)
      throws VivariumException {
    enter("untrashSnapshot", name);
    Machine machine = find(name);
    for (Undo undo : machine.undos.reversed()) {
      SnapshotInfo gone = undo.removed();
      if (gone != null && gone.name().equals(snapshot)) {
        machine.undos.remove(undo);
        machine.snapshots.add(gone);
        changed(name);
        return gone;
      }
    }
    throw new VivariumException(Kind.NOT_FOUND, "there is no snapshot '" + snapshot + "'", "");
  }

  @Override
  public VmInfo untrash(String name) throws VivariumException {
    enter("untrash", name);
    synchronized (this) {
      Machine machine = removed.remove(name);
      if (machine == null) {
        throw new VivariumException(Kind.NOT_FOUND, "there is no VM '" + name + "'", "");
      }
      machines.put(name, machine);
    }
    changed(name);
    return inspect(name);
  }

  @Override
  public VmInfo resize(String name, long memoryBytes, int cpus) throws VivariumException {
    enter("resize", name);
    Machine machine = find(name);
    machine.spec = machine.spec.withSize(memoryBytes, cpus);
    changed(name);
    return inspect(name);
  }

  @Override
  public synchronized long emptyTrash() throws VivariumException {
    enter("emptyTrash", "");
    removed.clear();
    return 20L << 20;
  }

  @Override
  public void exportDisk(
      String name,
      @Nullable String snapshot,
      int place,
      String format,
      java.io.OutputStream target,
      Progress progress)
      throws VivariumException {
    throw new VivariumException(Kind.NOT_FOUND, "VM '" + name + "' has no disk", "");
  }

  @Override
  public synchronized SnapshotSchedule schedule(String name) throws VivariumException {
    return find(name).schedule;
  }

  @Override
  public synchronized void setSchedule(String name, SnapshotSchedule schedule)
      throws VivariumException {
    enter("setSchedule", name);
    String wrong = schedule.wrong();
    if (wrong != null) {
      throw new VivariumException(Kind.USAGE, wrong, "");
    }
    find(name).schedule = schedule;
    changed(name);
  }

  /** What the next check finds; a repairing one cures what says how. */
  public synchronized void find(Finding finding) {
    findings.add(finding);
  }

  @Override
  public List<Finding> check(List<String> names, boolean repair, Progress progress)
      throws VivariumException {
    progress.update("reading the library", 0.5);
    enter("check", names.isEmpty() ? "" : names.getFirst());
    synchronized (this) {
      List<Finding> found = new ArrayList<>();
      for (Finding one : findings) {
        boolean cured = repair && !one.repair().isEmpty();
        found.add(new Finding(one.where(), one.what(), one.repair(), cured, one.loss()));
      }
      if (repair) {
        findings.removeIf(one -> !one.repair().isEmpty());
      }
      return found;
    }
  }

  @Override
  public List<VmInfo> fork(String name, ForkRequest request, Progress progress)
      throws VivariumException {
    enter("fork", name);
    Machine parent = find(name);
    String base = request.name() == null ? name : request.name();
    List<VmInfo> made = new ArrayList<>();
    synchronized (this) {
      for (int number = 1; made.size() < request.count(); number++) {
        boolean alone = request.count() == 1 && request.name() != null;
        String called = alone ? base : base + "-" + number;
        if (!machines.containsKey(called)) {
          Machine fork =
              new Machine(
                  parent
                      .spec
                      .withNetwork(parent.spec.network(), List.of())
                      .as(called, request.disposable()),
                  clock.instant());
          fork.state = VmState.RUNNING;
          fork.startedAt = clock.instant();
          fork.guest.boot(parent.guest.text());
          machines.put(called, fork);
          made.add(info(fork));
        }
      }
    }
    made.forEach(vm -> changed(vm.name()));
    return made;
  }

  @Override
  public VmInfo keep(String name) throws VivariumException {
    enter("keep", name);
    return changed(name, find(name).spec.as(name, false));
  }

  @Override
  public synchronized List<ImageInfo> images() throws VivariumException {
    VivariumException failure = failures.get("images");
    if (failure != null) {
      throw failure;
    }
    return List.copyOf(images);
  }

  @Override
  public ImageInfo buildImage(String image, Progress progress) throws VivariumException {
    progress.update("fetching linux-image-cloud-amd64", 0.2);
    enter("buildImage", image);
    synchronized (this) {
      images.removeIf(known -> known.name().equals(image));
      ImageInfo built = new ImageInfo(image, "built", true, "sha256:0", 1 << 24, false);
      images.add(built);
      return built;
    }
  }

  @Override
  public synchronized void removeImage(String image) throws VivariumException {
    enter("removeImage", image);
    images.removeIf(known -> known.name().equals(image));
  }

  @Override
  public String inspectImage(String image) {
    return "{}";
  }

  @Override
  public HostRoom room() {
    return new HostRoom("/home/me", freeBytes);
  }

  @Override
  public List<HostCheck> doctor() {
    return List.copyOf(checks);
  }

  @Override
  public AutoCloseable watch(WatchListener listener) {
    watchers.add(listener);
    return () -> watchers.remove(listener);
  }

  @Override
  public void close() {}
}
