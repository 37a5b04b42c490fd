package io.vivarium.desktop.vm;

import io.vivarium.client.Sizes;
import io.vivarium.client.SnapshotInfo;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmState;
import io.vivarium.desktop.jobs.Job;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.model.VmModel;
import io.vivarium.desktop.timeline.ForkForm;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Texts;
import io.vivarium.desktop.wizard.NameRule;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What can be done with a VM, from its card, its page or the palette: the same words and ways. */
public final class VmVerbs {
  /** How long a guest may take to shut down before it is ended; the user may force it earlier. */
  private static final long STOP_TIMEOUT_MILLIS = 60_000;

  /** Names of snapshots that a VM goes on from begin so. */
  private static final String SAVED = "saved-";

  private static final ZoneId ZONE = ZoneId.systemDefault();

  private final Desk desk;
  private final Texts texts;

  public VmVerbs(Desk desk) {
    this.desk = desk;
    this.texts = desk.texts();
  }

  public void start(String name) {
    desk.jobs()
        .call(
            texts.get("job.start", name),
            "viv start " + name,
            progress -> desk.vivarium().start(name, true, progress),
            info -> desk.vms().refresh());
  }

  public void pause(String name) {
    desk.jobs()
        .run(
            texts.get("job.pause", name),
            "viv pause " + name,
            progress -> desk.vivarium().pause(name),
            desk.vms()::refresh);
  }

  public void resume(String name) {
    desk.jobs()
        .run(
            texts.get("job.resume", name),
            "viv resume " + name,
            progress -> desk.vivarium().resume(name),
            desk.vms()::refresh);
  }

  public void stop(String name) {
    desk.jobs()
        .run(
            texts.get("job.stop", name),
            "viv stop " + name,
            progress -> desk.vivarium().stop(name, STOP_TIMEOUT_MILLIS, progress),
            desk.vms()::refresh);
  }

  /**
   * Keeps a running VM as it is, and stops it: {@link #proceed} goes on from there. One that cannot
   * be kept goes on. A disposable one, of which nothing would be left, is made to stay.
   */
  public Job save(VmItem item) {
    String name = item.name();
    boolean disposable = item.info().spec().disposable();
    boolean paused = item.state() == VmState.PAUSED;
    String as =
        SAVED + DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").format(LocalDateTime.now(ZONE));
    return desk.jobs()
        .run(
            texts.get("job.save", name),
            (disposable ? "viv keep " + name + " && " : "")
                + "viv pause "
                + name
                + " && viv snapshot take "
                + name
                + " "
                + as
                + " && viv kill "
                + name,
            progress -> {
              // Between the snapshot and the end nothing may happen that would be lost.
              if (!paused) {
                desk.vivarium().pause(name);
              }
              boolean kept = false;
              try {
                if (disposable) {
                  desk.vivarium().keep(name);
                }
                desk.vivarium().takeSnapshot(name, as, texts.get("save.note"), progress);
                if (progress.cancelled()) {
                  throw new VivariumException(
                      VivariumException.Kind.CANCELLED, "not saved: " + name + " goes on", "");
                }
                kept = true;
              } finally {
                if (!kept && !paused) {
                  desk.vivarium().resume(name);
                }
              }
              desk.vivarium().kill(name);
            },
            () -> {
              desk.vms().refresh();
              desk.toasts().show(texts.get("save.done", name));
            });
  }

  /** Whether a VM that stands on the snapshot of this id was saved there to go on later. */
  static boolean isSavedState(SnapshotInfo snapshot, String id) {
    return snapshot.id().equals(id) && snapshot.live() && snapshot.name().startsWith(SAVED);
  }

  /** Goes on where {@link #save} ended. */
  public void proceed(VmItem item) {
    String name = item.name();
    String id = item.info().snapshot();
    if (id != null) {
      desk.jobs()
          .call(
              texts.get("job.proceed", name),
              "viv snapshot restore " + name + " " + id,
              progress -> desk.vivarium().restoreSnapshot(name, id, true, progress),
              info -> desk.vms().refresh());
    }
  }

  /** Makes live copies of a running VM. */
  public void fork(String name) {
    new ForkForm(desk).open(name, null);
  }

  /** Makes a disposable VM one that stays. */
  public void keep(String name) {
    desk.jobs()
        .call(
            texts.get("job.keep", name),
            "viv keep " + name,
            progress -> desk.vivarium().keep(name),
            info -> {
              desk.vms().refresh();
              desk.toasts().show(texts.get("keep.done", name));
            });
  }

  /** Pulls the plug, after a question. */
  public void kill(String name) {
    desk.dialogs()
        .confirm(
            texts.get("kill.title", name),
            texts.get("kill.text"),
            texts.get("verb.kill"),
            true,
            () ->
                desk.jobs()
                    .run(
                        texts.get("job.kill", name),
                        "viv kill " + name,
                        progress -> desk.vivarium().kill(name),
                        desk.vms()::refresh));
  }

  /** Moves a VM to the trash, after a question. */
  public void delete(VmItem item) {
    String name = item.name();
    boolean alive = VmModel.isAlive(item.state());
    desk.dialogs()
        .confirm(
            texts.get("delete.title", name),
            texts.get(alive ? "delete.text.running" : "delete.text"),
            texts.get("verb.delete"),
            true,
            () -> deleteNow(name, alive));
  }

  /** Moves several VMs to the trash, after one question. */
  public void deleteAll(List<VmItem> items) {
    if (items.size() == 1) {
      delete(items.getFirst());
      return;
    }
    desk.dialogs()
        .confirm(
            texts.get("delete.all.title", items.size()),
            items.stream().map(VmItem::name).collect(Collectors.joining(", "))
                + "\n\n"
                + texts.get("delete.text.running"),
            texts.get("verb.delete"),
            true,
            () -> items.forEach(item -> deleteNow(item.name(), VmModel.isAlive(item.state()))));
  }

  private void deleteNow(String name, boolean alive) {
    desk.jobs()
        .run(
            texts.get("job.delete", name),
            "viv rm " + (alive ? "--force " : "") + name,
            progress -> desk.vivarium().remove(name, alive),
            desk.vms()::refresh);
  }

  /** Asks for another size of a stopped VM. */
  public void resize(VmItem item) {
    String name = item.name();
    new SizeForm(texts, desk.limits().memoryBytes(), item.info().spec())
        .open(
            desk.dialogs(),
            texts.get("size.title", name),
            (memory, cpus) ->
                desk.jobs()
                    .run(
                        texts.get("job.resize", name),
                        "viv update " + name + " --memory " + memory + " --cpus " + cpus,
                        progress -> desk.vivarium().resize(name, Sizes.parse(memory), cpus),
                        () -> desk.vms().refresh()));
  }

  /** Asks for a new name; {@code then} runs when it has it. */
  public void rename(String name, Runnable then) {
    desk.dialogs()
        .ask(
            texts.get("rename.title", name),
            texts.get("rename.label"),
            name,
            texts.get("verb.rename"),
            text ->
                text.equals(name)
                    ? ""
                    : NameRule.problem(text, taken -> desk.vms().find(taken).isPresent(), texts),
            newName -> {
              if (!newName.equals(name)) {
                rename(name, newName, then);
              }
            });
  }

  private void rename(String name, String newName, Runnable then) {
    desk.jobs()
        .run(
            texts.get("job.rename", name, newName),
            "viv rename " + name + " " + newName,
            progress -> desk.vivarium().rename(name, newName),
            () -> {
              desk.vms().refresh();
              desk.navigator().openVm(newName);
              then.run();
            });
  }

  /** The verbs that a VM in its present state knows, for the palette. */
  public List<Command> commands(VmItem item) {
    String name = item.name();
    VmState state = item.state();
    List<Command> all = new ArrayList<>();
    all.add(
        Command.of(texts.get("verb.open"), name, Icons.OPEN, () -> desk.navigator().openVm(name)));
    switch (state) {
      case STOPPED, CRASHED ->
          all.add(Command.of(texts.get("verb.start"), name, Icons.START, () -> start(name)));
      case RUNNING -> {
        all.add(Command.of(texts.get("verb.pause"), name, Icons.PAUSE, () -> pause(name)));
        all.add(Command.of(texts.get("verb.stop"), name, Icons.STOP, () -> stop(name)));
        all.add(Command.of(texts.get("verb.save"), name, Icons.KEEP, () -> save(item)));
      }
      case PAUSED ->
          all.add(Command.of(texts.get("verb.resume"), name, Icons.START, () -> resume(name)));
      case STARTING, STOPPING -> {}
    }
    if (state == VmState.RUNNING || state == VmState.PAUSED) {
      all.add(Command.of(texts.get("verb.fork"), name, Icons.FORK, () -> fork(name)));
    }
    if (item.info().spec().disposable()) {
      all.add(Command.of(texts.get("verb.keep"), name, Icons.KEEP, () -> keep(name)));
    }
    if (VmModel.isAlive(state)) {
      all.add(Command.of(texts.get("verb.kill"), name, Icons.KILL, () -> kill(name)));
    } else {
      all.add(
          Command.of(texts.get("verb.rename"), name, Icons.RENAME, () -> rename(name, () -> {})));
      all.add(Command.of(texts.get("size.change"), name, Icons.SETTINGS, () -> resize(item)));
    }
    all.add(Command.of(texts.get("verb.delete"), name, Icons.DELETE, () -> delete(item)));
    return all;
  }
}
