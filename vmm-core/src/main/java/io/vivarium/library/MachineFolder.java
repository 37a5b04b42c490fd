package io.vivarium.library;

import java.nio.file.Path;

/** Where the things of one VM are: {@code machines/<name>}. */
public record MachineFolder(Path path) {
  public String name() {
    return String.valueOf(path.getFileName());
  }

  public Path spec() {
    return path.resolve("spec.json");
  }

  /** Id of the snapshot that the running or stored state descends from. */
  public Path current() {
    return path.resolve("current");
  }

  public Path snapshots() {
    return path.resolve("snapshots");
  }

  /** The layers of saved memory, see package {@code io.vivarium.memory}. */
  public Path memory() {
    return path.resolve("memory");
  }

  /** The map of the saved memory behind a running VM, which must stay while its engine lives. */
  public Path runningMap() {
    return run().resolve("memory.map");
  }

  /** Removed snapshots. */
  public Path trash() {
    return path.resolve("trash");
  }

  /** Checksums of sealed disk layers, by the layer's name. */
  public Path sums() {
    return path.resolve("sums");
  }

  /** The ids of snapshots by their names, see {@link SnapshotNames}. */
  Path names() {
    return path.resolve("names");
  }

  /** What {@code viv snapshot undo} can take back. */
  public Path undo() {
    return path.resolve("undo.json");
  }

  /** When snapshots are taken by themselves. */
  public Path schedule() {
    return path.resolve("schedule.json");
  }

  public Path run() {
    return path.resolve("run");
  }

  public Path lock() {
    return run().resolve("engine.lock");
  }

  public Path status() {
    return run().resolve("status.json");
  }

  /** The engine's socket, or a link to it where this path is too long for one. */
  public Path socket() {
    return run().resolve("engine.sock");
  }

  /** Where programs of the host find the guest's vsock ports; see {@code DeviceConfig}. */
  public Path vsock() {
    return run().resolve("vsock");
  }

  public Path consoleLog() {
    return run().resolve("console.log");
  }

  /** What was rotated away from the console's log. */
  public Path olderConsoleLog() {
    return run().resolve("console.log.1");
  }

  public Path engineLog() {
    return run().resolve("engine.log");
  }
}
