package io.vivarium.engine;

import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.library.ConsoleTail;
import io.vivarium.library.DurableFiles;
import io.vivarium.library.Failures;
import io.vivarium.library.Library;
import io.vivarium.library.SnapshotStore;
import io.vivarium.machine.VirtualMachine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Takes and restores snapshots of the VM that runs here. */
final class EngineSnapshots {
  /** Enough of the console to show a prompt and what led to it. */
  private static final int TAIL = 4096;

  private static final DateTimeFormatter NAME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneId.systemDefault());

  private final Engine engine;
  private final SnapshotStore store;

  EngineSnapshots(Engine engine) {
    this.engine = engine;
    this.store = new SnapshotStore(engine.home(), engine.folder());
  }

  /** A machine that was saved while it stood still, and for how long. */
  private record Saved(VirtualMachine.SavedMachine files, long pauseNanos, SavedContext context) {}

  /**
   * Takes one: the guest stands still only while its state is handed to the kernel. A failure
   * leaves no file behind, and the guest running.
   */
  synchronized JsonObject take(@Nullable String name, String note, Consumer<String> progress)
      throws VivariumException {
    Instant now = Instant.now();
    String called = name == null ? "snap-" + NAME.format(now) : name;
    store.checkNewName(called);
    String what = "cannot take the snapshot '" + called + "' of VM '" + engine.spec().name() + "'";
    Path unfinished = null;
    try {
      Path beside = store.begin();
      unfinished = beside;
      progress.accept("saving memory and devices");
      Saved saved = engine.whileUnchanged(machine -> save(machine, beside, what));
      progress.accept("making it durable");
      saved.files().sync();
      saved.context().write(beside);
      String id = SnapshotStore.newId();
      byte[] tail = saved.context().consoleTail().getBytes(StandardCharsets.ISO_8859_1);
      store.keep(
          beside,
          new SnapshotStore.Entry(
              id,
              called,
              Library.current(engine.folder()),
              note,
              now.truncatedTo(ChronoUnit.MILLIS),
              true,
              ConsoleTail.of(tail, tail.length),
              engine.spec()));
      return new JsonObject()
          .put("id", id)
          .put("name", called)
          .put("pauseNanos", saved.pauseNanos());
    } catch (IOException e) {
      throw Failures.explain(what, e);
    } finally {
      discard(unfinished);
    }
  }

  private Saved save(VirtualMachine machine, Path folder, String what) throws VivariumException {
    boolean wasPaused = machine.paused();
    long began = System.nanoTime();
    machine.pause();
    try {
      VirtualMachine.SavedMachine files = machine.save(folder.resolve("machine"));
      SavedContext context =
          new SavedContext(
              engine.agent().ready(),
              engine.clock().ready(),
              new String(engine.console().tail(TAIL), StandardCharsets.ISO_8859_1));
      return new Saved(files, System.nanoTime() - began, context);
    } catch (IOException e) {
      throw Failures.explain(what, e);
    } finally {
      if (!wasPaused) {
        machine.resume();
      }
    }
  }

  /** Puts the VM back. A damaged snapshot is refused, and the guest goes on as it was. */
  void restore(String idOrName) throws VivariumException {
    SnapshotStore.Entry entry = store.find(idOrName);
    String damage = SnapshotStore.damage(entry);
    if (damage != null) {
      throw new VivariumException(
          Kind.BAD_FILE,
          "the snapshot '" + entry.name() + "' cannot be restored: " + damage,
          "Remove it: viv snapshot rm " + engine.spec().name() + " " + entry.name());
    }
    engine.restore(store.folder(entry.id()));
    try {
      store.setCurrent(entry.id());
    } catch (IOException e) {
      // The guest runs from it all the same; only "you are here" is wrong until the next one.
      EngineLog.say("the current snapshot cannot be noted: " + e.getMessage());
    }
  }

  /** Saves the VM into a folder that the caller makes a warm snapshot of. */
  void saveTemplate(Path folder) throws VivariumException {
    String what = "cannot keep the warm snapshot";
    try {
      Saved saved = engine.whileUnchanged(machine -> save(machine, folder, what));
      saved.files().sync();
      saved.context().write(folder);
      DurableFiles.sync(folder.resolve("machine"));
    } catch (IOException e) {
      throw Failures.explain(what, e);
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
