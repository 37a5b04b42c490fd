package io.vivarium.devices.legacy;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.Device;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.bus.BusDevice;
import io.vivarium.devices.irq.IrqLine;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An 8254 timer (Intel 231164) in user space, for machines whose timer interrupts must be paced:
 * where a guest's kernel runs slowly, 250 ticks a second leave it no time for anything else, and
 * the kernel's own PIT would go on delivering them. Elsewhere that one is the better one.
 *
 * <p>Counter 0 drives the interrupt line, counter 2 the speaker's port 0x61. An edge that the pacer
 * holds up is late; those that a periodic counter makes meanwhile are left out, as when interrupts
 * are off on a PC.
 *
 * <p>Wiring: {@code ports.map(0x40, Pit8254.PORTS, pit)}, {@code ports.map(0x61, 1,
 * pit.speaker())}; its line is GSI 0.
 */
public final class Pit8254 implements Device<Pit8254.State>, BusDevice {
  /** Number of I/O ports. */
  public static final int PORTS = 4;

  /** Says when a due tick may be delivered. Called from the timer's thread. */
  @FunctionalInterface
  public interface Pacer {
    /**
     * Nanoseconds to wait before asking again; 0 delivers now.
     *
     * @param sinceLast nanoseconds since the last tick was delivered
     */
    long delay(long sinceLast);
  }

  /**
   * Saved state.
   *
   * @param channels three counters
   * @param speaker the bits of port 0x61 that the guest writes
   * @param owed whether an edge was due and not delivered
   */
  public record State(int version, List<PitChannel.State> channels, int speaker, boolean owed) {}

  private static final int VERSION = 1;
  private static final int GATE = 1;
  private static final int SPEAKER_WRITABLE = 3;
  private static final int REFRESH = 0x10;
  private static final int OUTPUT_2 = 0x20;
  private static final int READ_BACK = 3;

  private final String id;
  private final IrqLine irq;
  private final Pacer pacer;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final PitChannel[] channels = {new PitChannel(), new PitChannel(), new PitChannel()};
  private int speaker;

  /** When counter 0's next edge is due, Long.MAX_VALUE for never. */
  private long due = Long.MAX_VALUE;

  private long lastTick;
  private long ticks;
  private boolean running;

  /** Device time stands still while paused: what it lost so far, and when it stopped. */
  private long lost;

  private long stopped = System.nanoTime();
  private boolean closed;
  private boolean refresh;
  private @Nullable Thread thread;

  public Pit8254(String id, IrqLine irq, Pacer pacer) {
    this.id = id;
    this.irq = irq;
    this.pacer = pacer;
  }

  private long now() {
    return (running ? System.nanoTime() : stopped) - lost;
  }

  /** Interrupts delivered. */
  public long ticks() {
    lock.lock();
    try {
      return ticks;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long read(long offset, int size) {
    if (size != 1 || offset == 3) {
      return -1;
    }
    lock.lock();
    try {
      return channels[(int) offset].read(now());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void write(long offset, int size, long value) {
    if (size != 1) {
      return;
    }
    lock.lock();
    try {
      long now = now();
      if (offset == 3) {
        control((int) value, now);
      } else if (channels[(int) offset].write((int) value, now) && offset == 0) {
        schedule(channels[0].nextEdge(now));
      }
    } finally {
      lock.unlock();
    }
  }

  private void control(int value, long now) {
    int counter = value >> 6;
    int access = value >> 4 & 3;
    if (counter == READ_BACK) {
      readBack(value, now);
    } else if (access == 0) {
      channels[counter].latchCount(now);
    } else {
      channels[counter].control(value >> 1 & 7, access);
      if (counter == 0) {
        schedule(Long.MAX_VALUE);
      }
    }
  }

  private void readBack(int value, long now) {
    for (int i = 0; i < channels.length; i++) {
      if ((value & 2 << i) != 0) {
        if ((value & 0x20) == 0) {
          channels[i].latchCount(now);
        }
        if ((value & 0x10) == 0) {
          channels[i].latchStatus(now);
        }
      }
    }
  }

  private void schedule(long when) {
    due = when;
    changed.signal();
  }

  /** Port 0x61: gate and output of counter 2. */
  public BusDevice speaker() {
    return new BusDevice() {
      @Override
      public long read(long offset, int size) {
        return size == 1 ? readSpeaker() : -1;
      }

      @Override
      public void write(long offset, int size, long value) {
        if (size == 1) {
          writeSpeaker((int) value & SPEAKER_WRITABLE);
        }
      }
    };
  }

  private int readSpeaker() {
    lock.lock();
    try {
      refresh = !refresh;
      int value = speaker | (refresh ? REFRESH : 0);
      return value | (channels[2].output(now()) ? OUTPUT_2 : 0);
    } finally {
      lock.unlock();
    }
  }

  private void writeSpeaker(int value) {
    lock.lock();
    try {
      if ((value & GATE) != 0 && (speaker & GATE) == 0) {
        channels[2].trigger(now());
      }
      speaker = value;
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    lock.lock();
    try {
      while (!closed) {
        long now = now();
        if (!running || due == Long.MAX_VALUE) {
          changed.await();
        } else if (due > now) {
          changed.awaitNanos(due - now);
        } else {
          long delay = pacer.delay(now - lastTick);
          if (delay > 0) {
            changed.awaitNanos(delay);
          } else {
            tick(now);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private void tick(long now) {
    lastTick = now;
    ticks++;
    due = channels[0].nextEdge(now);
    irq.pulse();
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public Class<State> stateType() {
    return State.class;
  }

  @Override
  public State save() {
    lock.lock();
    try {
      long now = now();
      return new State(
          VERSION,
          List.of(channels[0].save(now), channels[1].save(now), channels[2].save(now)),
          speaker,
          due <= now);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void restore(State state) throws BadStateException {
    var check = new StateCheck(id);
    check.version(state.version, VERSION);
    check.exactly("channels", state.channels, channels.length);
    for (PitChannel.State channel : state.channels) {
      PitChannel.check(check, channel);
    }
    check.bits("speaker", state.speaker, SPEAKER_WRITABLE);
    lock.lock();
    try {
      long now = now();
      for (int i = 0; i < channels.length; i++) {
        channels[i].restore(state.channels.get(i), now);
      }
      speaker = state.speaker;
      schedule(state.owed ? now : channels[0].nextEdge(now));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void reset() {
    lock.lock();
    try {
      for (PitChannel channel : channels) {
        channel.control(0, 3);
      }
      speaker = 0;
      schedule(Long.MAX_VALUE);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void pause() {
    lock.lock();
    try {
      if (running) {
        running = false;
        stopped = System.nanoTime();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void resume() {
    lock.lock();
    try {
      if (!running) {
        running = true;
        lost += System.nanoTime() - stopped;
      }
      if (thread == null && !closed) {
        thread = Thread.ofPlatform().daemon().name(id + "-timer").start(this::run);
      }
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }
}
