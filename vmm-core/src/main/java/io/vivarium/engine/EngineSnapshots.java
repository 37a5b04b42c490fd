package io.vivarium.engine;

import io.vivarium.client.Disks;
import io.vivarium.client.JsonObject;
import io.vivarium.client.SnapshotSchedule;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.DiskSpec;
import io.vivarium.library.ConsoleTail;
import io.vivarium.library.DiskLayers;
import io.vivarium.library.DurableFiles;
import io.vivarium.library.Failures;
import io.vivarium.library.LayerMerge;
import io.vivarium.library.Library;
import io.vivarium.library.SealedSums;
import io.vivarium.library.SnapshotStore;
import io.vivarium.library.StoppedSnapshots;
import io.vivarium.library.Thinning;
import io.vivarium.machine.VirtualMachine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Takes and restores snapshots of the VM that runs here. */
final class EngineSnapshots {
  /** Enough of the console to show a prompt and what led to it. */
  private static final int TAIL = 4096;

  private static final DateTimeFormatter NAME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneId.systemDefault());

  private final Engine engine;
  private final SnapshotStore store;

  /** One at a time; who waits calls off what can wait. */
  private final ReentrantLock turn = new ReentrantLock();

  EngineSnapshots(Engine engine) {
    this.engine = engine;
    this.store = new SnapshotStore(engine.home(), engine.folder());
  }

  /** What was taken while a machine stood still, and for how long it did. */
  private record Saved(long pauseNanos, SavedContext context) {}

  /**
   * Takes one: the guest stands still only while its state is handed to the kernel. A failure
   * leaves no file behind, and the guest running.
   */
  JsonObject take(@Nullable String name, String note, boolean automatic, Consumer<String> progress)
      throws VivariumException {
    turn.lock();
    try {
      return takeNow(name, note, automatic, progress);
    } finally {
      turn.unlock();
    }
  }

  private JsonObject takeNow(
      @Nullable String name, String note, boolean automatic, Consumer<String> progress)
      throws VivariumException {
    Instant now = Instant.now();
    String prefix = automatic ? "auto-" : "snap-";
    String called = name == null ? store.freeName(prefix + NAME.format(now)) : name;
    store.checkNewName(called);
    VmSpec spec = engine.spec();
    String what = "cannot take the snapshot '" + called + "' of VM '" + spec.name() + "'";
    String unkeepable = DiskLayers.unkeepable(spec.disks());
    if (unkeepable != null) {
      throw new VivariumException(
          Kind.WRONG_STATE, what + ": " + unkeepable, "Detach it, or attach it with ,readonly.");
    }
    Path unfinished = null;
    try {
      new LayerMerge(store).makeRoom(spec.disks(), automatic);
      Path beside = store.begin();
      unfinished = beside;
      progress.accept("copying the memory while the guest runs");
      try (VirtualMachine.Saving saving = startSaving()) {
        engine.devices().disks().seal();
        Saved saved = saveWithDisks(saving, what);
        progress.accept("making it durable");
        saving.seal(beside.resolve("machine"));
        saved.context().write(beside);
        String id = SnapshotStore.newId();
        byte[] tail = saved.context().consoleTail().getBytes(StandardCharsets.ISO_8859_1);
        SnapshotStore.Entry entry =
            new SnapshotStore.Entry(
                id,
                called,
                Library.current(engine.folder()),
                note,
                now.truncatedTo(ChronoUnit.MILLIS),
                true,
                automatic,
                false,
                ConsoleTail.of(tail, tail.length),
                spec);
        store.whileLayersStay(
            () -> {
              saving.name();
              engine.noteMemory(beside);
              store.keep(beside, entry);
              return id;
            });
        sumInBackground(spec);
        return new JsonObject()
            .put("id", id)
            .put("name", called)
            .put("pauseNanos", saved.pauseNanos());
      }
    } catch (IOException e) {
      throw Failures.explain(what, e);
    } finally {
      discard(unfinished);
    }
  }

  /** Keeps the VM for forks to go on from, and returns the snapshot's id. */
  String takeForFork(Consumer<String> progress) throws VivariumException {
    String name = store.freeName("fork-" + NAME.format(Instant.now()));
    JsonObject taken = take(name, "", true, progress);
    return String.valueOf(taken.fields().get("id"));
  }

  private VirtualMachine.Saving startSaving() throws VivariumException, IOException {
    Path memory = engine.folder().memory();
    DurableFiles.makeFolders(memory);
    // It may have been made by a start, which does not wait for that to be durable.
    DurableFiles.sync(engine.folder().path());
    return engine.machine().startSaving(memory, DurableFiles.unfinished(memory));
  }

  /**
   * Saves the machine, and seals its disks at the same instant. The spec names the new, still empty
   * layers before that: they read as the ones below, so that whatever happens between leaves a
   * whole VM, at worst with a layer more.
   */
  private Saved saveWithDisks(VirtualMachine.Saving saving, String what)
      throws VivariumException, IOException {
    VmSpec before = engine.spec();
    List<DiskSpec> layers = newLayers(before.disks(), before::withDisks);
    try {
      return engine.whileUnchanged(
          machine -> save(machine, saving, what, disks -> disks.exchange(layers)));
    } finally {
      settle(layers);
    }
  }

  /** Layers that read as those disks, in a spec that names them. */
  private List<DiskSpec> newLayers(List<DiskSpec> disks, Function<List<DiskSpec>, VmSpec> spec)
      throws VivariumException, IOException {
    if (disks.stream().allMatch(Disks::inPlace)) {
      return disks;
    }
    return store.whileLayersStay(
        () -> {
          DiskLayers layers = new DiskLayers(engine.folder().path());
          List<DiskSpec> made = layers.overlays(disks);
          try {
            engine.rewrite(spec.apply(made));
          } catch (VivariumException e) {
            Library.discard(engine.folder(), made);
            throw e;
          }
          return made;
        });
  }

  /** Lets the spec name what is open, where that is not the new layers, which go then. */
  private void settle(List<DiskSpec> wanted) {
    try {
      List<DiskSpec> open = engine.devices().disks().specs();
      if (!open.equals(wanted)) {
        engine.rewrite(engine.spec().withDisks(open));
        Library.discard(engine.folder(), wanted);
      }
    } catch (VivariumException | IOException e) {
      // The guest may have written below a layer that the spec names and nobody has opened: whole.
      EngineLog.say("after a snapshot that failed: " + e.getMessage());
    }
  }

  /** What happens to the disks while the machine stands still. */
  private interface AtRest {
    void with(EngineDisks disks) throws IOException;
  }

  private Saved save(
      VirtualMachine machine, VirtualMachine.Saving saving, String what, AtRest atRest)
      throws VivariumException {
    boolean wasPaused = machine.paused();
    long began = System.nanoTime();
    machine.pause();
    try {
      saving.finish();
      atRest.with(engine.devices().disks());
      SavedContext context =
          new SavedContext(
              engine.agent().line(),
              engine.wake().version(),
              new String(engine.console().tail(TAIL), StandardCharsets.ISO_8859_1));
      long stood = Math.max(saving.pausedNanos(), System.nanoTime() - began);
      return new Saved(stood, context);
    } catch (IOException e) {
      throw Failures.explain(what, e);
    } finally {
      if (!wasPaused) {
        machine.resume();
      }
    }
  }

  /** Reads what was sealed just now, which the guest need not wait for. */
  private void sumInBackground(VmSpec sealed) {
    Thread thread =
        new Thread(
            () -> {
              try {
                SealedSums.record(engine.folder(), sealed.disks(), part -> !engine.isOver());
                store.index(sealed.disks());
              } catch (VivariumException | IOException e) {
                // They only let damage be found later; the next snapshot notes what is missing.
                EngineLog.say("checksums of disk layers: " + e.getMessage());
              }
            },
            "sums");
    thread.setDaemon(true);
    thread.start();
  }

  /** Puts the VM back. A damaged snapshot is refused, and the guest goes on as it was. */
  void restore(String idOrName) throws VivariumException {
    turn.lock();
    try {
      restoreNow(idOrName);
    } finally {
      turn.unlock();
    }
  }

  private void restoreNow(String idOrName) throws VivariumException {
    SnapshotStore.Entry entry = store.findWhole(idOrName);
    if (!entry.live()) {
      throw new VivariumException(
          Kind.WRONG_STATE,
          "the snapshot '" + entry.name() + "' has no memory to go on from",
          "Stop the VM first: viv stop " + engine.spec().name());
    }
    restore(entry);
  }

  private void restore(SnapshotStore.Entry entry) throws VivariumException {
    restoreMachine(entry);
    try {
      store.setCurrent(entry.id());
    } catch (IOException e) {
      // The guest runs from it all the same; only "you are here" is wrong until the next one.
      EngineLog.say("the current snapshot cannot be noted: " + e.getMessage());
    }
  }

  /**
   * Keeps what the VM is now, then puts it back to another snapshot: both, or neither. The guest
   * does not go on in between.
   *
   * @param end whether the VM ends after it was kept, so that the client puts the disks back: only
   *     they come back
   * @return what was kept
   */
  JsonObject switchTo(
      String idOrName,
      @Nullable String keepAs,
      String note,
      boolean automatic,
      boolean end,
      Consumer<String> progress)
      throws VivariumException {
    turn.lock();
    try {
      return switchNow(idOrName, keepAs, note, automatic, end, progress);
    } finally {
      turn.unlock();
    }
  }

  private JsonObject switchNow(
      String idOrName,
      @Nullable String keepAs,
      String note,
      boolean automatic,
      boolean end,
      Consumer<String> progress)
      throws VivariumException {
    SnapshotStore.Entry entry = store.findWhole(idOrName);
    return engine.whileUnchanged(
        machine -> {
          boolean wasPaused = machine.paused();
          machine.pause();
          boolean done = false;
          JsonObject kept = null;
          try {
            kept = take(keepAs, note, automatic, progress);
            if (end || !entry.live()) {
              engine.end();
            } else {
              restore(entry);
            }
            done = true;
            return kept;
          } finally {
            if (!done) {
              if (kept != null) {
                drop(String.valueOf(kept.fields().get("id")));
              }
              if (!wasPaused) {
                machine.resume();
              }
            }
          }
        });
  }

  private void drop(String id) {
    try {
      store.drop(id);
    } catch (VivariumException | IOException e) {
      EngineLog.say("a snapshot stays that was taken in vain: " + e.getMessage());
    }
  }

  /** New layers on the sealed ones; the spec names them once the machine is there. */
  private void restoreMachine(SnapshotStore.Entry entry) throws VivariumException {
    VmSpec now = engine.spec();
    VmSpec then = StoppedSnapshots.specAfter(now, entry);
    try {
      boolean alone = store.aloneOnCurrent(now.disks());
      store.whileLayersStay(
          () -> {
            DiskLayers layers = new DiskLayers(engine.folder().path());
            List<DiskSpec> made = layers.overlays(then.disks());
            try {
              engine.restore(store.folder(entry.id()), then.withDisks(made), null);
            } catch (VivariumException e) {
              Library.discard(engine.folder(), made);
              throw e;
            }
            return made;
          });
      leave(now.disks(), alone);
    } catch (IOException e) {
      throw Failures.explain("the snapshot '" + entry.name() + "' cannot be restored", e);
    }
  }

  /**
   * The guest runs on already; layers that stay cost space only, until the next who removes some.
   */
  private void leave(List<DiskSpec> disks, boolean alone) {
    try {
      store.leave(disks, alone);
    } catch (VivariumException | IOException e) {
      EngineLog.say("disk layers that nothing stands on stay: " + e.getMessage());
    }
  }

  /** Saves the VM, which is paused, into a folder that the caller makes a warm snapshot of. */
  void saveTemplate(Path folder) throws VivariumException {
    String what = "cannot keep the warm snapshot";
    try (VirtualMachine.Saving saving = startSaving()) {
      Saved saved =
          engine.whileUnchanged(machine -> save(machine, saving, what, EngineDisks::seal));
      saving.seal(folder.resolve("machine"));
      saved.context().write(folder);
      saving.name();
      DurableFiles.sync(folder.resolve("machine"));
    } catch (IOException e) {
      throw Failures.explain(what, e);
    }
  }

  /** Thins out automatic snapshots, as long as nobody wants to take or restore one. */
  void thinOut(SnapshotSchedule schedule) throws VivariumException {
    turn.lock();
    try {
      int gone =
          new Thinning(store)
              .run(
                  schedule,
                  Instant.now(),
                  engine.memoryNoted(),
                  part -> !turn.hasQueuedThreads() && !engine.isOver());
      if (gone > 0) {
        EngineLog.say("automatic snapshots thinned out: " + gone);
      }
    } catch (IOException e) {
      throw Failures.explain("the snapshots of '" + engine.spec().name() + "' stay as they are", e);
    } finally {
      turn.unlock();
    }
  }

  private static void discard(@Nullable Path unfinished) {
    if (unfinished != null) {
      try {
        DurableFiles.deleteTree(unfinished);
      } catch (IOException e) {
        EngineLog.say("a leftover stays until the next start: " + e.getMessage());
      }
    }
  }
}
