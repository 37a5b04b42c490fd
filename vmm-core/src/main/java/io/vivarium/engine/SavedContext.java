package io.vivarium.engine;

import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.images.agent.AgentLine;
import io.vivarium.images.agent.AgentProtocol;
import io.vivarium.library.CheckedJson;
import io.vivarium.library.DurableFiles;
import io.vivarium.library.SnapshotFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What an engine knows of a saved guest beside its machine: {@code engine.json} in the snapshot.
 *
 * @param agent how its agent, which had announced itself, is spoken to; null when it had not
 * @param wakeVersion of its {@link io.vivarium.images.agent.WakeProgram}, 0 when it had none
 * @param consoleTail what stood on the console last, each byte a character of ISO 8859-1
 */
record SavedContext(@Nullable AgentLine agent, int wakeVersion, String consoleTail) {
  private static final int VERSION = SnapshotFiles.ENGINE_VERSION;

  /** The first with a checksum; it says only whether the agent was ready, on serial ports. */
  private static final int SINCE = SnapshotFiles.ENGINE_SINCE;

  private static final String FILE = SnapshotFiles.ENGINE;

  void write(Path snapshot) throws IOException {
    JsonObject json =
        new JsonObject()
            .put("version", VERSION)
            .put("agentVersion", agent == null ? 0 : agent.version())
            .put("wakeVersion", wakeVersion)
            .put("consoleTail", consoleTail);
    DurableFiles.write(snapshot.resolve(FILE), CheckedJson.write(json));
  }

  static SavedContext read(Path snapshot) throws VivariumException {
    try {
      JsonObject json =
          CheckedJson.read(Files.readAllBytes(snapshot.resolve(FILE)), VERSION, SINCE);
      return new SavedContext(
          agent(json),
          (int) json.number("wakeVersion", 0, Integer.MAX_VALUE),
          json.string("consoleTail"));
    } catch (IOException | JsonException e) {
      throw new VivariumException(
          Kind.BAD_FILE,
          "the snapshot in " + snapshot + " is damaged: " + FILE + ": " + e.getMessage(),
          "Restore another one; remove this one when you do not need it.",
          e);
    }
  }

  private static @Nullable AgentLine agent(JsonObject json) throws JsonException {
    if (json.number("version", 1, VERSION) == SINCE) {
      return json.bool("agentReady") ? AgentLine.TERMINALS : null;
    }
    return AgentLine.of((int) json.number("agentVersion", 0, AgentProtocol.VERSION));
  }
}
