package io.vivarium.client;

import java.io.InputStream;
import java.util.List;

/**
 * The host as its user sees it: VMs, images and snapshots. The command and the desktop use this and
 * nothing below it. It works on the library's files and talks to the engines' sockets; it holds no
 * state of its own, so any number of them, in any number of processes, see the same.
 *
 * <p>Methods block; call them off the interface thread. All are safe to call from any thread.
 */
public interface Vivarium extends AutoCloseable {
  List<VmInfo> list() throws VivariumException;

  VmInfo inspect(String name) throws VivariumException;

  /** Creates a stopped VM. All of the spec is validated first; nothing is left after a failure. */
  VmInfo create(VmSpec spec, Progress progress) throws VivariumException;

  /**
   * Creates a stopped VM as {@link #create} does, with a copy of a disk file as its first disk
   * after those of its image. The file is only read; nothing is left of a copy that fails or is
   * called off.
   *
   * @param source the file, as {@link Disks#parse} reads it
   */
  VmInfo importDisk(VmSpec spec, VmSpec.DiskSpec source, Progress progress)
      throws VivariumException;

  /**
   * Starts a VM; returns when its vCPUs run. With {@code warm}, a VM that has never run starts from
   * its image's warm snapshot where there is one.
   */
  VmInfo start(String name, boolean warm, Progress progress) throws VivariumException;

  /**
   * Makes sure that the image of a VM has a warm snapshot "ready at the prompt" for its memory,
   * CPUs and network, booting it once if need be; the boot log goes to {@link Progress#line}. Does
   * nothing for a VM that can only boot: with a kernel or disks of its own, or a private network.
   */
  void prepareWarm(VmSpec spec, Progress progress) throws VivariumException;

  /** Asks the guest to shut down; after {@code timeoutMillis} without an answer, ends it. */
  void stop(String name, long timeoutMillis, Progress progress) throws VivariumException;

  void pause(String name) throws VivariumException;

  void resume(String name) throws VivariumException;

  /** Ends the engine at once, as pulling the plug. */
  void kill(String name) throws VivariumException;

  /** Moves a stopped VM to the trash. With {@code force}, kills it first. */
  void remove(String name, boolean force) throws VivariumException;

  void rename(String name, String newName) throws VivariumException;

  /**
   * Gives a stopped VM other memory and vCPUs, from its next start on. Its snapshots stay what they
   * are: going back to one brings back the size that it was taken with.
   *
   * @param memoryBytes see {@link VmSpec}
   */
  VmInfo resize(String name, long memoryBytes, int cpus) throws VivariumException;

  /** Brings the VM back that was removed last under a name, which must be free; it stays then. */
  VmInfo untrash(String name) throws VivariumException;

  /** Gives a stopped VM one more disk: a new one, or a file that is used in place. */
  VmInfo attachDisk(String name, VmSpec.DiskSpec disk) throws VivariumException;

  /**
   * Takes a disk from a stopped VM. A file of the user's stays where it is, a disk of the VM's own
   * goes to the trash.
   *
   * @param place in {@link VmSpec#disks}
   */
  VmInfo detachDisk(String name, int place) throws VivariumException;

  /** Makes a disk larger, also while the VM runs: its guest is told. */
  VmInfo growDisk(String name, int place, long sizeBytes) throws VivariumException;

  /** Replaces the published ports; those of a running VM at once. */
  VmInfo publish(String name, List<VmSpec.PortSpec> ports) throws VivariumException;

  /** Captures a running VM's packets into a file, written anew; null ends that. */
  void capture(String name, java.nio.file.@org.jspecify.annotations.Nullable Path file)
      throws VivariumException;

  VmStats stats(String name) throws VivariumException;

  /** Everything the engine tells of itself, as JSON: exits, devices, assist counters. */
  String inspectEngine(String name) throws VivariumException;

  /** The console's log since the VM's last start, at most the last 4 MiB. */
  byte[] logs(String name) throws VivariumException;

  /** A two-way connection to the console of a running VM. */
  ConsoleConnection console(String name, ConsoleConnection.Listener listener)
      throws VivariumException;

  /**
   * Runs a command in the guest through its agent and returns when it has ended.
   *
   * @param argv program and arguments, passed on without a shell's interpretation
   */
  default ExecResult exec(String name, List<String> argv, ExecListener output)
      throws VivariumException {
    return exec(name, argv, null, output);
  }

  /**
   * The same, for a command that reads {@code input} to its end, or nothing where that is null. The
   * input is read by a thread of its own, which may be left waiting in a read when the command ends
   * first.
   */
  ExecResult exec(
      String name,
      List<String> argv,
      @org.jspecify.annotations.Nullable InputStream input,
      ExecListener output)
      throws VivariumException;

  /** Output of a command, as it comes. */
  interface ExecListener {
    void stdout(byte[] data);

    void stderr(byte[] data);
  }

  /**
   * Takes a snapshot: of a running or paused VM with its memory, of a stopped one its disks. {@code
   * snapshotName} may be null, then one is made of the time. Bytes are not counted for the answer,
   * and told as 0: {@link #snapshots} counts them.
   */
  SnapshotInfo takeSnapshot(
      String name,
      @org.jspecify.annotations.Nullable String snapshotName,
      String note,
      Progress progress)
      throws VivariumException;

  /** Oldest first. */
  List<SnapshotInfo> snapshots(String name) throws VivariumException;

  /**
   * Brings a removed snapshot back from the trash, whatever was done since: the one that was
   * removed last under a name. It gets another name where that is taken by now.
   */
  SnapshotInfo untrashSnapshot(String name, String snapshot) throws VivariumException;

  /** What the VM was when a snapshot (id or name) was taken: its size, its disks, its network. */
  VmSpec snapshotSpec(String name, String snapshot) throws VivariumException;

  /**
   * Puts a VM back to a snapshot (id or name). A live one runs on at once, in a new engine if none
   * runs; one without memory leaves the VM stopped.
   *
   * @param keep whether what the VM is now is kept first, in an automatic snapshot that {@link
   *     #undo} goes back to; else what happened after its last snapshot is gone, which the caller
   *     has asked the user about
   */
  VmInfo restoreSnapshot(String name, String snapshot, boolean keep, Progress progress)
      throws VivariumException;

  /**
   * Keeps what the VM is now as a snapshot, then puts it back to another one: both, or neither.
   *
   * @param keepAs name of the kept one, or null for one made of the time
   */
  VmInfo switchSnapshot(
      String name,
      String snapshot,
      @org.jspecify.annotations.Nullable String keepAs,
      Progress progress)
      throws VivariumException;

  /** Gives a snapshot another name, or another note; null leaves that as it is. */
  SnapshotInfo editSnapshot(
      String name,
      String snapshot,
      @org.jspecify.annotations.Nullable String newName,
      @org.jspecify.annotations.Nullable String note)
      throws VivariumException;

  /** Says whether thinning out leaves a snapshot alone. */
  SnapshotInfo pinSnapshot(String name, String snapshot, boolean pinned) throws VivariumException;

  /**
   * Moves a snapshot to the trash; others keep working, its children become its parent's. {@link
   * #undo} brings it back until the trash is emptied.
   */
  void removeSnapshot(String name, String snapshot) throws VivariumException;

  /**
   * Takes back the last removal, restore or switch of a VM's snapshots that was not taken back yet.
   *
   * @return what was done, in one sentence
   */
  String undo(String name, Progress progress) throws VivariumException;

  /** What {@link #undo} would take back, in one sentence; null when there is nothing. */
  @org.jspecify.annotations.Nullable
  String undoable(String name) throws VivariumException;

  /** What waits in the trash, oldest first; after seven days it is deleted for good. */
  List<TrashInfo> trash() throws VivariumException;

  /** Deletes for good what waits in the trash; returns the bytes of the host's disk freed. */
  long emptyTrash() throws VivariumException;

  /**
   * Writes a disk of a VM or of one of its snapshots as one plain image, also while the VM runs.
   *
   * @param snapshot id or name; null: the disk as it is now, of a VM that does not run
   * @param place of the disk in the spec of that moment
   * @param format "raw" or "qcow2"
   * @param target may be a pipe; is not closed
   */
  void exportDisk(
      String name,
      @org.jspecify.annotations.Nullable String snapshot,
      int place,
      String format,
      java.io.OutputStream target,
      Progress progress)
      throws VivariumException;

  /** When a VM is snapshotted by itself. */
  SnapshotSchedule schedule(String name) throws VivariumException;

  /** Changes that; a running VM follows at once. */
  void setSchedule(String name, SnapshotSchedule schedule) throws VivariumException;

  /** As {@link #check(List, boolean, Progress)}, of the whole library. */
  default List<Finding> check(boolean repair, Progress progress) throws VivariumException {
    return check(List.of(), repair, progress);
  }

  /**
   * Proves the library whole, reading everything. VMs that run are not disturbed.
   *
   * @param names of the VMs to look at; none: all of them, the images and the trash too
   * @param repair whether what can be repaired is; damaged things are moved to the trash, nothing
   *     is guessed
   * @return what is not as it should be; an empty list when all is whole
   */
  List<Finding> check(List<String> names, boolean repair, Progress progress)
      throws VivariumException;

  /**
   * Makes live copies of a VM, in one engine: all of them or none. They run when this returns, each
   * with a host name, random numbers, a clock and a network of its own, and without published
   * ports.
   *
   * @return the copies, in the order of their numbers
   */
  List<VmInfo> fork(String name, ForkRequest request, Progress progress) throws VivariumException;

  /** Makes a disposable VM one that stays when it ends. */
  VmInfo keep(String name) throws VivariumException;

  List<ImageInfo> images() throws VivariumException;

  /** Builds an image by its recipe's name. */
  ImageInfo buildImage(String image, Progress progress) throws VivariumException;

  void removeImage(String image) throws VivariumException;

  /** The image's manifest as JSON. */
  String inspectImage(String image) throws VivariumException;

  /** How much room is left for what is kept. Cheap: may be asked every few seconds. */
  HostRoom room() throws VivariumException;

  /** The host check of {@code viv doctor}. */
  List<HostCheck> doctor();

  /** Hears of changes until closed: of the library's files and of running engines. */
  AutoCloseable watch(WatchListener listener) throws VivariumException;

  /** Told what changed; calls come from a thread of the watcher's own. */
  interface WatchListener {
    /** A VM appeared, changed its state or vanished: read it again. */
    void changed(String name);
  }

  @Override
  void close();
}
