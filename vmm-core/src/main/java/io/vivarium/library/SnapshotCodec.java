package io.vivarium.library;

import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.SpecRules;
import io.vivarium.library.SnapshotStore.Entry;
import java.time.DateTimeException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * {@code snapshot.json}: what is known of a snapshot. From version 2 on it carries a sha256 of all
 * its other fields, so that a flipped bit is no other snapshot.
 */
final class SnapshotCodec {
  static final String FILE = "snapshot.json";
  private static final int VERSION = 2;

  private SnapshotCodec() {}

  static byte[] write(Entry entry) {
    JsonObject json =
        new JsonObject()
            .put("version", VERSION)
            .put("id", entry.id())
            .put("name", entry.name())
            .put("parent", entry.parent())
            .put("note", entry.note())
            .put("takenAt", entry.takenAt().toString())
            .put("live", entry.live())
            .put("automatic", entry.automatic())
            .put("pinned", entry.pinned())
            .put("lastConsoleLines", entry.lastConsoleLines())
            .put("spec", SpecCodec.write(entry.spec()));
    return CheckedJson.write(json);
  }

  /**
   * Reads one that is to have this id, in a VM of this name.
   *
   * @throws JsonException in one phrase, when it is damaged or somebody else's
   */
  static Entry read(byte[] text, String id, String vm) throws JsonException {
    JsonObject json = CheckedJson.read(text, VERSION, VERSION);
    if (!json.string("id").equals(id)) {
      throw new JsonException("it is the one of '" + printable(json.string("id")) + "'");
    }
    String name = json.string("name");
    if (SpecRules.name(name) != null) {
      throw new JsonException("its name '" + printable(name) + "' cannot be");
    }
    return new Entry(
        id,
        name,
        parent(json),
        json.string("note"),
        time(json.string("takenAt")),
        json.bool("live"),
        json.bool("automatic"),
        json.bool("pinned"),
        json.string("lastConsoleLines"),
        SpecCodec.read(json.object("spec"), vm));
  }

  private static @Nullable String parent(JsonObject json) throws JsonException {
    String parent = json.optString("parent");
    if (parent != null && !SnapshotStore.isId(parent)) {
      throw new JsonException("field 'parent' is not an id");
    }
    return parent;
  }

  private static Instant time(String text) throws JsonException {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new JsonException("field 'takenAt' is not a time");
    }
  }

  private static String printable(String text) {
    String clean = text.replaceAll("[^\\x20-\\x7e]", "?");
    return clean.length() > 40 ? clean.substring(0, 40) + "..." : clean;
  }
}
