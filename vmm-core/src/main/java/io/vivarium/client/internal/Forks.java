package io.vivarium.client.internal;

import io.vivarium.client.ForkRequest;
import io.vivarium.client.JsonObject;
import io.vivarium.client.Progress;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.library.Failures;
import io.vivarium.library.ForkFolders;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.SnapshotStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Live copies of VMs. */
public final class Forks {
  private final Library library;
  private final EngineVms engines;

  public Forks(Library library, EngineVms engines) {
    this.library = library;
    this.engines = engines;
  }

  /** In the VM's own engine where that runs, else in one that is started for the first copy. */
  public List<VmInfo> fork(String name, ForkRequest request, Progress progress)
      throws VivariumException {
    if (request.count() < 1 || request.count() > ForkRequest.MOST) {
      throw new VivariumException(
          Kind.USAGE, "a fork makes 1 to " + ForkRequest.MOST + " copies at once", "");
    }
    MachineFolder folder = library.find(name);
    List<String> names = names(name, request);
    try (EngineConnection connection = EngineConnection.tryOpen(folder)) {
      if (connection != null) {
        ask(connection, null, request.snapshot(), names, request.disposable(), progress);
      } else if (request.snapshot() == null) {
        throw new VivariumException(
            Kind.WRONG_STATE,
            "VM '" + name + "' does not run, so there is nothing live to fork",
            "Start it, or fork one of its snapshots: viv fork " + name + "@SNAPSHOT");
      } else {
        inNewEngine(folder, request.snapshot(), names, request.disposable(), progress);
      }
    }
    List<VmInfo> made = new ArrayList<>();
    for (String one : names) {
      made.add(library.info(library.find(one)));
    }
    return made;
  }

  private List<String> names(String vm, ForkRequest request) throws VivariumException {
    String base = request.name() == null ? vm : request.name();
    Set<String> taken = new HashSet<>(library.names());
    List<String> names = new ArrayList<>();
    if (request.name() != null && request.count() == 1) {
      names.add(base);
    }
    for (int number = 1; names.size() < request.count(); number++) {
      String name = base + "-" + number;
      if (!taken.contains(name)) {
        names.add(name);
      }
    }
    for (String name : names) {
      String wrong = SpecRules.name(name);
      if (wrong != null) {
        throw new VivariumException(Kind.USAGE, wrong, "Choose a name: --name NAME");
      }
    }
    return names;
  }

  private static void ask(
      EngineConnection connection,
      @Nullable String source,
      @Nullable String snapshot,
      List<String> names,
      boolean disposable,
      Progress progress)
      throws VivariumException {
    connection.call(
        "fork",
        new JsonObject()
            .put("source", source)
            .put("snapshot", snapshot)
            .put("names", names)
            .put("disposable", disposable),
        (event, of) -> {
          if (event.equals("progress")) {
            progress.update(of.string("step"), of.fraction("fraction"));
          }
        });
  }

  private void inNewEngine(
      MachineFolder source,
      String snapshot,
      List<String> names,
      boolean disposable,
      Progress progress)
      throws VivariumException {
    SnapshotStore store = new SnapshotStore(library.home(), source);
    progress.update("starting the first copy", -1);
    MachineFolder first = null;
    boolean done = false;
    try {
      ForkFolders.Template template = ForkFolders.template(store, snapshot);
      String id = template.entry().id();
      first = ForkFolders.make(library.home(), store, template, names.getFirst(), disposable);
      Path files = store.folder(id);
      engines.startFork(first, files, progress);
      if (names.size() > 1) {
        try (EngineConnection connection = EngineConnection.open(first)) {
          List<String> others = names.subList(1, names.size());
          ask(connection, source.name(), id, others, disposable, progress);
        }
      }
      done = true;
    } catch (IOException e) {
      throw Failures.explain("VM '" + source.name() + "' cannot be forked", e);
    } finally {
      if (!done && first != null) {
        remove(first);
      }
    }
  }

  private void remove(MachineFolder fork) {
    try {
      if (engines.running(fork.name())) {
        engines.kill(fork.name());
      }
      library.erase(fork);
    } catch (VivariumException | IOException e) {
      // The failure that led here is the one to tell.
    }
  }

  /** Makes a disposable VM one that stays. */
  public VmInfo keep(String name) throws VivariumException {
    MachineFolder folder = library.find(name);
    if (engines.running(name)) {
      engines.call(name, "keep", new JsonObject());
    } else {
      library.whileStopped(name, "kept", ForkFolders::keep);
    }
    return library.info(folder);
  }
}
