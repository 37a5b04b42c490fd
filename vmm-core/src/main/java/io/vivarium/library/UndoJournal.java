package io.vivarium.library;

import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was done to a VM's snapshots and can be taken back, newest last: {@code undo.json}. It holds
 * no data, only what to look for; an entry whose snapshot is gone for good is passed over.
 */
public final class UndoJournal {
  private static final int VERSION = 2;
  private static final int KEPT = 20;

  private final MachineFolder folder;

  public UndoJournal(MachineFolder folder) {
    this.folder = folder;
  }

  /** Kinds of what can be taken back. */
  public enum Kind {
    /** A snapshot went to the trash. */
    REMOVED,
    /** The VM went to another snapshot. */
    WENT
  }

  /**
   * Something done.
   *
   * @param id REMOVED: of the snapshot; WENT: of the one that leads back
   * @param stopped WENT: whether the VM was stopped before, so that only the disks come back
   * @param what it was, "the removal of the snapshot 'x'"
   */
  public record Action(Kind kind, String id, boolean stopped, String what) {}

  /** Oldest first; none where the journal cannot be read: it is a convenience, nothing more. */
  List<Action> actions() throws IOException {
    try {
      return parse(Files.readAllBytes(folder.undo()));
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (JsonException e) {
      return List.of();
    }
  }

  /**
   * Reads the file's text.
   *
   * @throws JsonException in one phrase, when it is damaged
   */
  static List<Action> parse(byte[] text) throws JsonException {
    List<Action> actions = new ArrayList<>();
    try {
      for (JsonObject action : CheckedJson.read(text, VERSION, 2).objects("actions")) {
        actions.add(
            new Action(
                Kind.valueOf(action.string("kind")),
                action.string("id"),
                action.bool("stopped"),
                action.string("what")));
      }
    } catch (IllegalArgumentException e) {
      throw new JsonException("it tells of something unknown");
    }
    return actions;
  }

  public void add(Action action) throws IOException {
    List<Action> actions = new ArrayList<>(actions());
    actions.add(action);
    write(actions.subList(Math.max(0, actions.size() - KEPT), actions.size()));
  }

  /** Forgets the newest one that is this, and those after it, which were passed over. */
  public void takeBack(Action action) throws IOException {
    List<Action> actions = actions();
    int at = actions.lastIndexOf(action);
    if (at >= 0) {
      write(actions.subList(0, at));
    }
  }

  /** The newest that can still be taken back, or null. */
  public @Nullable Action last(SnapshotStore store) throws IOException {
    for (Action action : actions().reversed()) {
      boolean there =
          SnapshotStore.isId(action.id())
              && switch (action.kind()) {
                case REMOVED -> store.inTrash(action.id());
                case WENT -> Files.isDirectory(store.folder(action.id()));
              };
      if (there) {
        return action;
      }
    }
    return null;
  }

  private void write(List<Action> actions) throws IOException {
    List<JsonObject> list = new ArrayList<>();
    for (Action action : actions) {
      list.add(
          new JsonObject()
              .put("kind", action.kind())
              .put("id", action.id())
              .put("stopped", action.stopped())
              .put("what", action.what()));
    }
    DurableFiles.write(
        folder.undo(),
        CheckedJson.write(new JsonObject().put("version", VERSION).put("actions", list)));
  }
}
