package io.vivarium.library;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VmState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What an engine last wrote of itself, in {@code run/status.json}. Whether it still lives, only its
 * lock tells.
 *
 * @param pid of the engine, to end it by force while its lock is held
 * @param reason why the VM is CRASHED, or null
 */
public record EngineStatus(VmState state, long pid, Instant startedAt, @Nullable String reason) {

  public static @Nullable EngineStatus read(Path file) {
    try {
      JsonObject json = Json.parse(Files.readAllBytes(file));
      return new EngineStatus(
          VmState.valueOf(json.string("state")),
          json.number("pid", 0, Integer.MAX_VALUE),
          Instant.parse(json.string("startedAt")),
          json.optString("reason"));
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException | JsonException | IllegalArgumentException | DateTimeException e) {
      return new EngineStatus(
          VmState.CRASHED, 0, Instant.EPOCH, "its status file is damaged: " + e.getMessage());
    }
  }

  /** A full disk has no room for a new file, and the old one's block is ours: a truth in time. */
  private static void overwrite(Path file, byte[] text) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      // One write, and nothing of the old text behind it: whoever reads meanwhile sees JSON.
      byte[] padded = Arrays.copyOf(text, (int) Math.max(text.length, channel.size()));
      Arrays.fill(padded, text.length, padded.length, (byte) ' ');
      channel.write(ByteBuffer.wrap(padded), 0);
    }
  }

  public void write(Path file) throws IOException {
    JsonObject json =
        new JsonObject()
            .put("state", state)
            .put("pid", pid)
            .put("startedAt", startedAt)
            .put("reason", reason);
    byte[] text = Json.write(json).getBytes(StandardCharsets.UTF_8);
    try {
      DurableFiles.writeQuickly(file, text);
    } catch (IOException e) {
      if (!Failures.full(e)) {
        throw e;
      }
      overwrite(file, text);
    }
  }
}
