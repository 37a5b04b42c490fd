package io.vivarium.engine;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The command line of an engine, which the client writes:
 *
 * <pre>
 * --home FOLDER --folder MACHINE --boot
 * --home FOLDER --folder MACHINE --snapshot ID
 * --home FOLDER --folder MACHINE --restore WARM
 * --home FOLDER --folder MACHINE --fork SNAPSHOT
 * --home FOLDER --folder MACHINE --template
 * </pre>
 *
 * @param restore a warm snapshot to begin from
 * @param fork the folder of another VM's snapshot, whose layers the machine has already
 * @param snapshot id of a snapshot of the VM's own
 * @param template boot, wait for the agent, save into the folder and end
 */
record EngineArguments(
    Path home,
    Path folder,
    @Nullable Path restore,
    @Nullable Path fork,
    @Nullable String snapshot,
    boolean template) {

  static EngineArguments parse(String[] arguments) {
    Path home = null;
    Path folder = null;
    Path restore = null;
    Path fork = null;
    String snapshot = null;
    boolean template = false;
    for (int i = 0; i < arguments.length; i++) {
      String next = i + 1 < arguments.length ? arguments[i + 1] : "";
      switch (arguments[i]) {
        case "--boot" -> {}
        case "--template" -> template = true;
        case "--home" -> home = Path.of(next);
        case "--folder" -> folder = Path.of(next);
        case "--restore" -> restore = Path.of(next);
        case "--fork" -> fork = Path.of(next);
        case "--snapshot" -> snapshot = next;
        default -> throw new IllegalArgumentException("unknown argument " + arguments[i]);
      }
      i += arguments[i].equals("--boot") || arguments[i].equals("--template") ? 0 : 1;
    }
    if (home == null || folder == null) {
      throw new IllegalArgumentException("--home and --folder are needed");
    }
    return new EngineArguments(home, folder, restore, fork, snapshot, template);
  }
}
