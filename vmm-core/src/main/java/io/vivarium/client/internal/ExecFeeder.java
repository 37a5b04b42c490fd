package io.vivarium.client.internal;

import io.vivarium.client.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.Semaphore;

/** Sends a stream to a command in the guest, as the engine has room for it. */
final class ExecFeeder {
  private static final int BLOCK = 16 << 10;

  private final EngineConnection connection;
  private final long id;
  private final InputStream input;
  private final Semaphore room = new Semaphore(0);
  private boolean started;

  /** The id is that of the command's request. */
  ExecFeeder(EngineConnection connection, long id, InputStream input) {
    this.connection = connection;
    this.id = id;
    this.input = input;
  }

  /** The engine takes that many bytes more. Called by one thread; the first call starts it all. */
  void room(int bytes) {
    room.release(bytes);
    if (!started) {
      started = true;
      Thread.ofPlatform().daemon().name("exec-input").start(this::feed);
    }
  }

  private void feed() {
    byte[] block = new byte[BLOCK];
    try {
      int count = input.read(block);
      while (count >= 0) {
        if (count > 0) {
          room.acquire(count);
          send(Arrays.copyOf(block, count));
        }
        count = input.read(block);
      }
    } catch (IOException | InterruptedException e) {
      // The command ended, or there is nothing more to be read: its input ends here.
    }
    try {
      send(new byte[0]);
    } catch (IOException e) {
      // The command has ended.
    }
  }

  private void send(byte[] data) throws IOException {
    connection.tell(
        "exec.input",
        new JsonObject().put("id", id).put("data", Base64.getEncoder().encodeToString(data)));
  }
}
