package io.vivarium.devices.legacy;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.StateCheck;

/**
 * One counter of an 8254 (Intel 231164), counting in binary. Its count is not stepped but computed
 * from the time since it was loaded. Times are in the caller's nanoseconds; not thread-safe.
 */
final class PitChannel {
  /** The input clock, in Hz. */
  static final long FREQUENCY = 1_193_182;

  /**
   * Saved state.
   *
   * @param access 1 low byte, 2 high byte, 3 low then high
   * @param reload 1 to 65536
   * @param elapsed input clocks since the count was loaded; -1 when none was yet
   * @param lowByte the first byte of a load that waits for its second, or -1
   * @param highNext whether the next read gives the high byte
   * @param latched a latched count, or -1
   * @param latchedStatus a latched status, or -1
   */
  record State(
      int mode,
      int access,
      int reload,
      long elapsed,
      int lowByte,
      boolean highNext,
      int latched,
      int latchedStatus) {}

  private static final int FULL = 0x10000;
  private static final long NANOS = 1_000_000_000;

  private int mode;
  private int access = 3;
  private int reload = FULL;
  private boolean loaded;
  private long start;
  private int lowByte = -1;
  private boolean highNext;
  private int latched = -1;
  private int latchedStatus = -1;

  /** A control word's mode and access for this counter; it then waits for a count. */
  void control(int newMode, int newAccess) {
    reload = FULL;
    mode = newMode > 5 ? newMode & 3 : newMode;
    access = newAccess;
    loaded = false;
    lowByte = -1;
    highNext = false;
    latched = -1;
    latchedStatus = -1;
  }

  /** A byte of a count; true when the count is complete and counting begins anew. */
  boolean write(int value, long now) {
    int count;
    switch (access) {
      case 1 -> count = value;
      case 2 -> count = value << 8;
      default -> {
        if (lowByte < 0) {
          lowByte = value;
          return false;
        }
        count = lowByte | value << 8;
        lowByte = -1;
      }
    }
    reload = count == 0 ? FULL : count;
    start = now;
    loaded = true;
    return true;
  }

  /** The gate's rising edge: modes 1, 2, 3 and 5 start again. */
  void trigger(long now) {
    if (mode != 0 && mode != 4) {
      start = now;
    }
  }

  int read(long now) {
    if (latchedStatus >= 0) {
      int status = latchedStatus;
      latchedStatus = -1;
      return status;
    }
    int count = latched >= 0 ? latched : count(now);
    boolean high = access == 2 || (access == 3 && highNext);
    if (access == 3) {
      highNext = !highNext;
    }
    if (access != 3 || high) {
      latched = -1;
    }
    return high ? count >> 8 & 0xff : count & 0xff;
  }

  void latchCount(long now) {
    if (latched < 0) {
      latched = count(now);
    }
  }

  void latchStatus(long now) {
    if (latchedStatus < 0) {
      latchedStatus = (output(now) ? 0x80 : 0) | (loaded ? 0 : 0x40) | access << 4 | mode << 1;
    }
  }

  private boolean periodic() {
    return mode == 2 || mode == 3;
  }

  private long elapsed(long now) {
    return ticks(Math.max(0, now - start));
  }

  private static long ticks(long nanos) {
    return nanos / NANOS * FREQUENCY + nanos % NANOS * FREQUENCY / NANOS;
  }

  private static long nanos(long ticks) {
    return ticks / FREQUENCY * NANOS + (ticks % FREQUENCY * NANOS + FREQUENCY - 1) / FREQUENCY;
  }

  private int count(long now) {
    if (!loaded) {
      return reload & 0xffff;
    }
    long elapsed = elapsed(now);
    long count =
        switch (mode) {
          case 2 -> reload - elapsed % reload;
          case 3 -> reload - 2 * elapsed % reload;
          default -> reload - elapsed;
        };
    return (int) count & 0xffff;
  }

  /** The OUT pin. */
  boolean output(long now) {
    if (!loaded) {
      return mode != 0;
    }
    long elapsed = elapsed(now);
    return switch (mode) {
      case 0, 1 -> elapsed >= reload;
      case 2 -> elapsed % reload != reload - 1;
      case 3 -> elapsed % reload < (reload + 1) / 2;
      default -> elapsed != reload;
    };
  }

  /**
   * When OUT next rises.
   *
   * @param after a time; edges up to it don't count
   * @return a time, or Long.MAX_VALUE when OUT rises no more
   */
  long nextEdge(long after) {
    if (!loaded) {
      return Long.MAX_VALUE;
    }
    long first = start + nanos(reload);
    if (first > after) {
      return first;
    }
    if (!periodic()) {
      return Long.MAX_VALUE;
    }
    long periods = elapsed(after) / reload;
    long next = start + nanos((periods + 1) * reload);
    return next > after ? next : start + nanos((periods + 2) * reload);
  }

  State save(long now) {
    long elapsed = loaded ? elapsed(now) : -1;
    return new State(mode, access, reload, elapsed, lowByte, highNext, latched, latchedStatus);
  }

  static void check(StateCheck check, State state) throws BadStateException {
    check.present("channel", state);
    check.range("mode", state.mode, 0, 5);
    check.range("access", state.access, 1, 3);
    check.range("reload", state.reload, 1, FULL);
    check.range("elapsed", state.elapsed, -1, 1L << 52);
    check.range("lowByte", state.lowByte, -1, 0xff);
    check.range("latched", state.latched, -1, 0xffff);
    check.range("latchedStatus", state.latchedStatus, -1, 0xff);
  }

  void restore(State state, long now) {
    mode = state.mode;
    access = state.access;
    reload = state.reload;
    loaded = state.elapsed >= 0;
    start = now - nanos(Math.max(0, state.elapsed));
    lowByte = state.lowByte;
    highNext = state.highNext;
    latched = state.latched;
    latchedStatus = state.latchedStatus;
  }
}
