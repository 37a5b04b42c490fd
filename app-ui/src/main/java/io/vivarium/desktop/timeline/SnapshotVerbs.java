package io.vivarium.desktop.timeline;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.desktop.jobs.Job;
import io.vivarium.desktop.jobs.Jobs;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Shell;
import io.vivarium.desktop.ui.Texts;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What can be done with the snapshots of one VM: each a job, and each that takes something away can
 * be taken back. Nothing asks first but what cannot be.
 */
public final class SnapshotVerbs {
  private final Desk desk;
  private final Texts texts;
  private final Runnable onChanged;
  private final Runnable onGuestReplaced;

  /**
   * @param onChanged the tree may be another now
   * @param onGuestReplaced the guest is another one now: its console is to be read anew
   */
  public SnapshotVerbs(Desk desk, Runnable onChanged, Runnable onGuestReplaced) {
    this.desk = desk;
    this.texts = desk.texts();
    this.onChanged = onChanged;
    this.onGuestReplaced = onGuestReplaced;
  }

  private void changed() {
    desk.vms().refresh();
    onChanged.run();
  }

  /** Starts a job whose result is shown; {@code done} gets the job too, to offer its undo. */
  private <T> void job(
      String title, String command, Jobs.Work<T> work, java.util.function.BiConsumer<Job, T> done) {
    Job[] self = new Job[1];
    self[0] =
        desk.jobs()
            .call(
                title,
                command,
                work,
                result -> {
                  changed();
                  done.accept(self[0], result);
                });
  }

  /** Offers to take a job back: in the activity, in a toast, and by Ctrl+Z. */
  private void offerUndo(String vm, Job job, String said, Runnable undo) {
    desk.jobs().offerUndo(vm, job, undo);
    desk.toasts().show(said, texts.get("verb.undo"), () -> undo(vm));
  }

  /** Takes a snapshot under a name that the user may change. */
  public void take(String vm) {
    desk.jobs()
        .read(
            () -> desk.vivarium().snapshots(vm),
            known -> take(vm, known),
            why -> take(vm, List.of()));
  }

  /** The same, where the tree is known. */
  void take(String vm, List<SnapshotInfo> known) {
    new TakeForm(texts, suggestedName(known), name -> nameProblem(name, known))
        .open(
            desk.dialogs(),
            texts.get("take.title", vm),
            (name, note) ->
                job(
                    texts.get("job.snapshot", name, vm),
                    "viv snapshot take "
                        + vm
                        + " "
                        + name
                        + (note.isEmpty() ? "" : " --note " + Shell.quoted(note)),
                    progress -> desk.vivarium().takeSnapshot(vm, name, note, progress),
                    (job, made) -> desk.toasts().show(texts.get("take.done", made.name()))));
  }

  private static String suggestedName(List<SnapshotInfo> known) {
    Set<String> names = new HashSet<>();
    for (SnapshotInfo snapshot : known) {
      names.add(snapshot.name());
    }
    int number = known.size() + 1;
    while (names.contains("snapshot-" + number)) {
      number++;
    }
    return "snapshot-" + number;
  }

  private String nameProblem(String name, List<SnapshotInfo> known) {
    return io.vivarium.desktop.wizard.NameRule.problem(
        name, taken -> known.stream().anyMatch(one -> one.name().equals(taken)), texts);
  }

  /** Goes back; what is left is kept first, so this asks nothing. */
  public void restore(String vm, SnapshotInfo to) {
    job(
        texts.get("job.restore", vm, to.name()),
        "viv snapshot restore " + vm + " " + to.name(),
        progress -> desk.vivarium().restoreSnapshot(vm, to.id(), true, progress),
        (job, info) -> {
          onGuestReplaced.run();
          offerUndo(vm, job, texts.get("restore.done", vm, to.name()), () -> takeBack(vm));
        });
  }

  /** Goes back and forgets what is left, after a question. */
  public void restoreDiscarding(String vm, SnapshotInfo to) {
    desk.dialogs()
        .confirm(
            texts.get("discard.title", vm, to.name()),
            texts.get("discard.text"),
            texts.get("discard.yes"),
            true,
            () ->
                job(
                    texts.get("job.restore", vm, to.name()),
                    "viv snapshot restore --discard " + vm + " " + to.name(),
                    progress -> desk.vivarium().restoreSnapshot(vm, to.id(), false, progress),
                    (job, info) -> {
                      // What was done before led to a state that is gone.
                      desk.jobs().forgetUndos(vm);
                      onGuestReplaced.run();
                    }));
  }

  /** Keeps what the VM is now under a name, and goes to another snapshot: both or neither. */
  public void switchTo(String vm, SnapshotInfo to, List<SnapshotInfo> known) {
    desk.dialogs()
        .ask(
            texts.get("switch.title", vm, to.name()),
            texts.get("switch.label"),
            suggestedName(known),
            texts.get("switch.yes"),
            name -> nameProblem(name, known),
            name ->
                job(
                    texts.get("job.switch", vm, to.name()),
                    "viv snapshot switch " + vm + " " + to.name() + " --as " + name,
                    progress -> desk.vivarium().switchSnapshot(vm, to.id(), name, progress),
                    (job, info) -> {
                      onGuestReplaced.run();
                      offerUndo(
                          vm, job, texts.get("switch.done", name, to.name()), () -> takeBack(vm));
                    }));
  }

  public void rename(String vm, SnapshotInfo which, List<SnapshotInfo> known) {
    desk.dialogs()
        .ask(
            texts.get("rename.title", which.name()),
            texts.get("rename.label"),
            which.name(),
            texts.get("verb.rename"),
            name -> name.equals(which.name()) ? "" : nameProblem(name, known),
            name -> {
              if (!name.equals(which.name())) {
                edit(vm, which, name, null, true);
              }
            });
  }

  /** Gives it another note. */
  public void note(String vm, SnapshotInfo which, String note) {
    edit(vm, which, null, note, true);
  }

  private void edit(
      String vm,
      SnapshotInfo which,
      @Nullable String name,
      @Nullable String note,
      boolean undoable) {
    String command =
        name != null
            ? "viv snapshot rename " + vm + " " + which.name() + " " + name
            : "viv snapshot note "
                + vm
                + " "
                + which.name()
                + " "
                + Shell.quoted(String.valueOf(note));
    job(
        name != null
            ? texts.get("job.rename", which.name(), name)
            : texts.get("job.note", which.name()),
        command,
        progress -> desk.vivarium().editSnapshot(vm, which.id(), name, note),
        (job, now) -> {
          if (undoable) {
            String oldName = name == null ? null : which.name();
            String oldNote = note == null ? null : which.note();
            desk.jobs().offerUndo(vm, job, () -> edit(vm, now, oldName, oldNote, false));
          }
        });
  }

  /** Says whether thinning out leaves it alone. */
  public void pin(String vm, SnapshotInfo which, boolean pinned) {
    pin(vm, which, pinned, true);
  }

  private void pin(String vm, SnapshotInfo which, boolean pinned, boolean undoable) {
    job(
        texts.get(pinned ? "job.pin" : "job.unpin", which.name()),
        "viv snapshot " + (pinned ? "pin " : "unpin ") + vm + " " + which.name(),
        progress -> desk.vivarium().pinSnapshot(vm, which.id(), pinned),
        (job, now) -> {
          if (undoable) {
            desk.jobs().offerUndo(vm, job, () -> pin(vm, now, !pinned, false));
          }
        });
  }

  /** Moves a snapshot to the trash. */
  public void delete(String vm, SnapshotInfo which) {
    job(
        texts.get("job.deleteSnapshot", which.name(), vm),
        "viv snapshot rm " + vm + " " + which.name(),
        progress -> {
          desk.vivarium().removeSnapshot(vm, which.id());
          return which;
        },
        (job, gone) ->
            offerUndo(
                vm,
                job,
                texts.get("delete.done", which.name(), Format.bytes(which.ownBytes())),
                () -> takeBack(vm)));
  }

  /** Writes a disk of a snapshot as a file of its own; the VM may have other disks by now. */
  public void export(String vm, SnapshotInfo which) {
    desk.jobs()
        .read(
            () -> desk.vivarium().snapshotSpec(vm, which.id()).disks(),
            disks -> new ExportForm(desk).open(vm, which, disks),
            why -> desk.toasts().show(String.valueOf(why.getMessage())));
  }

  /** Takes back the newest change: one of this window's, else what the VM's own journal holds. */
  public void undo(String vm) {
    if (!desk.jobs().undoLast(vm)) {
      takeBack(vm);
    }
  }

  private void takeBack(String vm) {
    job(
        texts.get("job.undo", vm),
        "viv snapshot undo " + vm,
        progress -> desk.vivarium().undo(vm, progress),
        (job, said) -> {
          onGuestReplaced.run();
          desk.toasts().show(said);
        });
  }

  /** Reads what {@link #undo} would take back, or null. */
  void readUndoable(String vm, Consumer<@Nullable String> told) {
    desk.jobs()
        .read(
            () -> java.util.Optional.ofNullable(desk.vivarium().undoable(vm)),
            what -> told.accept(what.orElse(null)),
            why -> told.accept(null));
  }
}
