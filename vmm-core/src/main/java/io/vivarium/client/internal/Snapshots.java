package io.vivarium.client.internal;

import io.vivarium.client.Disks;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.Progress;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.Failures;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.ScheduleFile;
import io.vivarium.library.SealedSums;
import io.vivarium.library.SnapshotStore;
import io.vivarium.library.SnapshotStore.Entry;
import io.vivarium.library.StoppedSnapshots;
import io.vivarium.library.Thinning;
import io.vivarium.library.UndoJournal;
import io.vivarium.library.UndoJournal.Action;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is done to a VM's snapshots: by its engine while it runs, else in its files. */
public final class Snapshots {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneId.systemDefault());

  private final Library library;
  private final EngineVms engines;

  public Snapshots(Library library, EngineVms engines) {
    this.library = library;
    this.engines = engines;
  }

  /** How the state that is left is kept; a null name is made of the time. */
  private record Keep(@Nullable String name, String prefix, String note, boolean automatic) {
    String nameIn(SnapshotStore store) throws VivariumException {
      return name == null ? store.freeName(prefix + TIME.format(Instant.now())) : name;
    }
  }

  private SnapshotStore store(MachineFolder folder) {
    return new SnapshotStore(library.home(), folder);
  }

  public List<SnapshotInfo> list(String name) throws VivariumException {
    SnapshotStore store = store(library.find(name));
    return store.infos(store.entries());
  }

  public VmSpec spec(String name, String snapshot) throws VivariumException {
    return store(library.find(name)).findWhole(snapshot).spec();
  }

  public SnapshotInfo take(
      String name, @Nullable String snapshotName, String note, Progress progress)
      throws VivariumException {
    MachineFolder folder = library.find(name);
    Keep keep = new Keep(snapshotName, "snap-", note, false);
    try (EngineConnection connection = EngineConnection.tryOpen(folder)) {
      if (connection != null) {
        JsonObject params =
            new JsonObject().put("name", keep.nameIn(store(folder))).put("note", note);
        return info(folder, string(name, call(connection, "snapshot.take", params, progress)));
      }
    }
    engines.requireStopped(folder);
    progress.update("keeping the disks", -1);
    return info(folder, takeStopped(name, keep, progress).id());
  }

  private Entry takeStopped(String name, Keep keep, Progress progress) throws VivariumException {
    Entry taken =
        library.whileStopped(
            name,
            "snapshotted",
            (folder, spec) -> {
              SnapshotStore store = store(folder);
              return new StoppedSnapshots(store)
                  .take(spec, keep.nameIn(store), keep.note(), keep.automatic());
            });
    sum(name, taken.spec().disks(), progress);
    return taken;
  }

  /**
   * Keeps what a VM is before something that cannot be taken back otherwise, unless its node keeps
   * that already, or no state of its disks can be kept.
   */
  public void keepBefore(String name, String what) throws VivariumException {
    MachineFolder folder = library.find(name);
    List<DiskSpec> disks = library.read(folder).disks();
    if (DiskLayers.unkeepable(disks) != null || disks.stream().allMatch(Disks::inPlace)) {
      return;
    }
    Keep keep = automatically("before-" + what + "-");
    try (EngineConnection connection = EngineConnection.tryOpen(folder)) {
      if (connection != null) {
        JsonObject params =
            new JsonObject()
                .put("name", keep.nameIn(store(folder)))
                .put("note", keep.note())
                .put("automatic", true);
        call(connection, "snapshot.take", params, Progress.NONE);
        return;
      }
    }
    boolean unchanged =
        library.whileStopped(
            name,
            "looked at",
            (machine, spec) -> new StoppedSnapshots(store(machine)).unchanged(spec));
    if (!unchanged) {
      takeStopped(name, keep, Progress.NONE);
    }
  }

  /** Reads what was sealed; calling that off harms nothing. */
  private void sum(String name, List<DiskSpec> sealed, Progress progress) throws VivariumException {
    try {
      SealedSums.record(
          library.find(name),
          sealed,
          part -> {
            progress.update("noting checksums", part);
            return !progress.cancelled();
          });
      store(library.find(name)).index(sealed);
    } catch (IOException e) {
      progress.line("Checksums of the disks could not be noted: " + e.getMessage());
    }
  }

  private SnapshotInfo info(MachineFolder folder, String id) throws VivariumException {
    return SnapshotStore.uncounted(store(folder).find(id));
  }

  /** Puts a VM back, keeping what it is now if wanted. */
  public VmInfo restore(String name, String snapshot, boolean keep, Progress progress)
      throws VivariumException {
    return go(name, snapshot, keep ? automatically("before-restore-") : null, progress);
  }

  public VmInfo switchTo(String name, String snapshot, @Nullable String keepAs, Progress progress)
      throws VivariumException {
    if (keepAs != null) {
      store(library.find(name)).checkNewName(keepAs);
    }
    return go(name, snapshot, new Keep(keepAs, "before-switch-", "", false), progress);
  }

  private static Keep automatically(String prefix) {
    return new Keep(null, prefix, "", true);
  }

  private VmInfo go(String name, String snapshot, @Nullable Keep keep, Progress progress)
      throws VivariumException {
    MachineFolder folder = library.find(name);
    Entry entry = store(folder).findWhole(snapshot);
    boolean ran = engines.running(name);
    String before = Library.current(folder);
    String kept = new Journey(folder, entry, keep, false, progress).go();
    String back = kept == null ? before : kept;
    if (keep != null && back != null) {
      String what = "the return of VM '" + name + "' to the snapshot '" + entry.name() + "'";
      note(folder, new Action(UndoJournal.Kind.WENT, back, !ran, what));
    }
    return library.info(folder);
  }

  private static void note(MachineFolder folder, Action action) throws VivariumException {
    try {
      new UndoJournal(folder).add(action);
    } catch (IOException e) {
      throw Failures.explain("it was done, but cannot be noted for 'viv snapshot undo'", e);
    }
  }

  /** One way from what a VM is to a snapshot. */
  private final class Journey {
    private final MachineFolder folder;
    private final String name;
    private final Entry to;
    private final @Nullable Keep keep;
    private final boolean disksOnly;
    private final Progress progress;

    /**
     * @param keep how what the VM is now is kept, or null: it is not
     * @param disksOnly whether the VM shall be stopped with that snapshot's disks, live or not
     */
    Journey(
        MachineFolder folder, Entry to, @Nullable Keep keep, boolean disksOnly, Progress progress) {
      this.folder = folder;
      this.name = folder.name();
      this.to = to;
      this.keep = keep;
      this.disksOnly = disksOnly || !to.live();
      this.progress = progress;
    }

    /** Returns the id of what was kept, or null when nothing was, or needed to be. */
    @Nullable String go() throws VivariumException {
      try (EngineConnection connection = EngineConnection.tryOpen(folder)) {
        if (connection == null) {
          engines.requireStopped(folder);
          return fromStopped();
        }
        return fromRunning(connection);
      }
    }

    private @Nullable String fromRunning(EngineConnection connection) throws VivariumException {
      JsonObject params = new JsonObject().put("id", to.id());
      String kept = null;
      if (keep != null) {
        params
            .put("name", keep.nameIn(store(folder)))
            .put("note", keep.note())
            .put("automatic", keep.automatic())
            .put("end", disksOnly);
        kept = string(name, call(connection, "snapshot.switch", params, progress));
      } else if (disksOnly) {
        engines.stop(name, 0, progress);
      } else {
        call(connection, "snapshot.restore", params, progress);
      }
      if (disksOnly) {
        engines.awaitEnd(folder);
        try {
          restoreDisks();
        } catch (VivariumException e) {
          if (kept != null) {
            // Neither of both: the VM goes on where it was.
            engines.startFrom(folder, kept, progress);
            drop(kept);
          }
          throw e;
        }
      }
      return kept;
    }

    private void restoreDisks() throws VivariumException {
      library.whileStopped(
          name,
          "restored",
          (machine, spec) -> {
            new StoppedSnapshots(store(machine)).restore(spec, to);
            return spec;
          });
    }

    private @Nullable String fromStopped() throws VivariumException {
      if (disksOnly) {
        Entry kept =
            library.<@Nullable Entry>whileStopped(
                name,
                "restored",
                (machine, spec) -> {
                  SnapshotStore store = store(machine);
                  StoppedSnapshots stopped = new StoppedSnapshots(store);
                  Entry taken = keep(store, stopped);
                  try {
                    stopped.restore(library.read(machine), to);
                  } catch (VivariumException | IOException e) {
                    if (taken != null) {
                      store.drop(taken.id());
                    }
                    throw e;
                  }
                  return taken;
                });
        return summed(kept);
      }
      Entry kept =
          library.<@Nullable Entry>whileStopped(
              name,
              "restored",
              (machine, spec) -> keep(store(machine), new StoppedSnapshots(store(machine))));
      try {
        engines.startFrom(folder, to.id(), progress);
        engines.prune(folder);
      } catch (VivariumException e) {
        if (kept != null) {
          drop(kept.id());
        }
        throw e;
      }
      return summed(kept);
    }

    private @Nullable Entry keep(SnapshotStore store, StoppedSnapshots stopped)
        throws VivariumException, IOException {
      var spec = library.read(folder);
      // What a person asks for by name is kept in any case.
      if (keep == null || (keep.name() == null && stopped.unchanged(spec))) {
        return null;
      }
      return stopped.take(spec, keep.nameIn(store), keep.note(), keep.automatic());
    }

    private @Nullable String summed(@Nullable Entry kept) throws VivariumException {
      if (kept != null) {
        sum(name, kept.spec().disks(), progress);
      }
      return kept == null ? null : kept.id();
    }

    private void drop(String id) throws VivariumException {
      try {
        store(folder).drop(id);
      } catch (IOException e) {
        progress.line("A snapshot stays that was taken in vain: " + e.getMessage());
      }
    }
  }

  /** Says when snapshots are taken by themselves, and thins out those that there are. */
  public void setSchedule(String name, SnapshotSchedule schedule) throws VivariumException {
    ScheduleFile.write(library.find(name), schedule);
    if (engines.running(name)) {
      engines.call(name, "schedule.changed", new JsonObject());
      return;
    }
    library.whileStopped(
        name,
        "thinned out",
        (machine, spec) ->
            new Thinning(store(machine)).run(schedule, Instant.now(), true, part -> true));
  }

  public SnapshotInfo edit(
      String name, String snapshot, @Nullable String newName, @Nullable String note)
      throws VivariumException {
    MachineFolder folder = library.find(name);
    return changed(folder, snapshot, store -> store.edit(snapshot, newName, note));
  }

  public SnapshotInfo pin(String name, String snapshot, boolean pinned) throws VivariumException {
    MachineFolder folder = library.find(name);
    return changed(folder, snapshot, store -> store.pin(snapshot, pinned));
  }

  private interface Edit {
    Entry apply(SnapshotStore store) throws VivariumException, IOException;
  }

  private SnapshotInfo changed(MachineFolder folder, String snapshot, Edit edit)
      throws VivariumException {
    try {
      SnapshotStore store = store(folder);
      return store.infos(List.of(edit.apply(store))).getFirst();
    } catch (IOException e) {
      throw Failures.explain("the snapshot '" + snapshot + "' cannot be changed", e);
    }
  }

  public void remove(String name, String snapshot) throws VivariumException {
    MachineFolder folder = library.find(name);
    SnapshotStore store = store(folder);
    Entry entry = store.find(snapshot);
    try {
      // First, so that whatever happens it can be taken back; it is passed over until it is true.
      new UndoJournal(folder)
          .add(
              new Action(
                  UndoJournal.Kind.REMOVED,
                  entry.id(),
                  false,
                  "the removal of the snapshot '" + entry.name() + "' of VM '" + name + "'"));
      store.remove(entry);
    } catch (IOException e) {
      throw Failures.explain("cannot remove the snapshot '" + entry.name() + "'", e);
    }
  }

  /** Brings back the snapshot that was removed last under a name. */
  public SnapshotInfo untrash(String name, String snapshot) throws VivariumException {
    MachineFolder folder = library.find(name);
    try {
      Entry back = store(folder).bringBackNamed(snapshot);
      if (back != null) {
        return info(folder, back.id());
      }
    } catch (IOException e) {
      throw Failures.explain("the snapshot '" + snapshot + "' cannot be brought back", e);
    }
    throw new VivariumException(
        Kind.NOT_FOUND,
        "there is no snapshot '" + snapshot + "' of VM '" + name + "' in the trash",
        "'viv trash ls' lists what is.");
  }

  /** What {@link #undo} would take back, in a phrase, or null. */
  public @Nullable String undoable(String name) throws VivariumException {
    Action action = lastAction(library.find(name));
    return action == null ? null : action.what();
  }

  private @Nullable Action lastAction(MachineFolder folder) throws VivariumException {
    try {
      return new UndoJournal(folder).last(store(folder));
    } catch (IOException e) {
      throw Failures.explain("cannot read what can be taken back", e);
    }
  }

  public String undo(String name, Progress progress) throws VivariumException {
    MachineFolder folder = library.find(name);
    Action action = lastAction(folder);
    if (action == null) {
      throw new VivariumException(
          Kind.WRONG_STATE,
          "there is nothing to take back for VM '" + name + "'",
          "Removals and restores can be, until the trash is emptied.");
    }
    SnapshotStore store = store(folder);
    try {
      switch (action.kind()) {
        case REMOVED -> store.bringBack(action.id());
        case WENT ->
            new Journey(
                    folder,
                    store.findWhole(action.id()),
                    automatically("before-undo-"),
                    action.stopped(),
                    progress)
                .go();
      }
      new UndoJournal(folder).takeBack(action);
    } catch (IOException e) {
      throw Failures.explain(action.what() + " cannot be taken back", e);
    }
    return "Took back " + action.what() + ".";
  }

  private static JsonObject call(
      EngineConnection connection, String method, JsonObject params, Progress progress)
      throws VivariumException {
    return connection.call(
        method,
        params,
        (event, of) -> {
          if (event.equals("progress")) {
            progress.update(of.string("step"), of.fraction("fraction"));
          }
        });
  }

  private static String string(String vm, JsonObject result) throws VivariumException {
    try {
      return result.string("id");
    } catch (JsonException e) {
      throw new VivariumException(
          Kind.INTERNAL, "the engine of VM '" + vm + "' answered wrongly: " + e.getMessage(), "");
    }
  }
}
