package io.vivarium.engine;

import io.vivarium.images.agent.AgentCall;
import io.vivarium.images.agent.AgentInput;
import io.vivarium.machine.SerialPort;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A client's input on its way to a program in the guest. The client may send only what it was told
 * that there is room for, so this holds at most {@value #ROOM} bytes.
 */
final class ExecInput {
  /** Bytes that may wait here. */
  static final int ROOM = 64 << 10;

  private static final byte[] END = {};

  private final IntConsumer room;
  private final Queue<byte[]> waiting = new ArrayDeque<>();
  private int free;
  private boolean over;

  /** {@code room} hears how many more bytes may be sent; it must not block. */
  ExecInput(IntConsumer room) {
    this.room = room;
  }

  /** Takes a client's bytes, none for the end; false when they are more than there was room for. */
  synchronized boolean offer(byte[] data) {
    if (over) {
      return true;
    }
    if (data.length > free) {
      return false;
    }
    free -= data.length;
    waiting.add(data);
    notifyAll();
    return true;
  }

  /** The program or the client is gone: the input ends now, and what waits is dropped. */
  synchronized void stop() {
    over = true;
    waiting.clear();
    notifyAll();
  }

  /** Hands on the input of a call that takes it, until its end, which is sent in any case. */
  void feed(AgentCall call, SerialPort port) throws InterruptedException {
    AgentInput input = call.input();
    int most = input.most();
    grant(ROOM);
    byte[] data = next();
    while (data != null) {
      for (int at = 0; at < data.length && !call.inputIsOver(); at += most) {
        byte[] step = Arrays.copyOfRange(data, at, Math.min(data.length, at + most));
        send(port, input.encode(step));
        port.flush();
      }
      grant(data.length);
      data = next();
    }
    send(port, input.end());
  }

  private static void send(SerialPort port, byte[] bytes) throws InterruptedException {
    port.send(bytes, 0, bytes.length);
  }

  private void grant(int bytes) {
    synchronized (this) {
      free += bytes;
    }
    room.accept(bytes);
  }

  /** The next bytes, or null at the end. */
  private synchronized byte @Nullable [] next() throws InterruptedException {
    while (waiting.isEmpty() && !over) {
      wait();
    }
    byte[] data = over ? END : waiting.remove();
    return data.length == 0 ? null : data;
  }
}
