package io.vivarium.devices.legacy;

import io.vivarium.devices.BadStateException;
import io.vivarium.devices.Device;
import io.vivarium.devices.StateCheck;
import io.vivarium.devices.bus.BusDevice;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoField;

/**
 * The PC's clock and its 128 bytes of CMOS memory (Motorola MC146818A).
 *
 * <p>The time is the host's, in UTC, plus what the guest has set it off by: a restored guest sees
 * the right time at once. Alarm and update flags are worked out when the guest reads them; the
 * device has no interrupt line, so a guest sets its wake-up timers elsewhere.
 *
 * <p>Wiring: {@code ports.map(0x70, CmosRtc.PORTS, rtc)}.
 */
public final class CmosRtc implements Device<CmosRtc.State>, BusDevice {
  /** Number of I/O ports: index and data. */
  public static final int PORTS = 2;

  /**
   * Saved state.
   *
   * @param memory the 128 bytes, those of the time being what was last set
   * @param offsetSeconds the guest's time less the host's
   * @param flagsReadAt host's time in seconds at which the flags in register C were last read
   */
  @SuppressWarnings("ArrayRecordComponent") // a snapshot: made once, never changed
  public record State(
      int version, int index, byte[] memory, long offsetSeconds, long flagsReadAt) {}

  private static final int VERSION = 1;
  private static final int SIZE = 128;
  private static final int SECONDS = 0;
  private static final int MINUTES = 2;
  private static final int HOURS = 4;
  private static final int WEEKDAY = 6;
  private static final int DAY = 7;
  private static final int MONTH = 8;
  private static final int YEAR = 9;
  private static final int REG_A = 10;
  private static final int REG_B = 11;
  private static final int REG_C = 12;
  private static final int REG_D = 13;
  private static final int CENTURY = 0x32;
  private static final int A_UPDATING = 0x80;
  private static final int B_SET = 0x80;
  private static final int B_BINARY = 0x04;
  private static final int B_24_HOURS = 0x02;
  private static final int C_UPDATED = 0x10;
  private static final int C_ALARM = 0x20;
  private static final int D_VALID = 0x80;

  /** An update's announcement and its duration with a 32,768 Hz time base (MC146818A, table 6). */
  private static final long UPDATE_NANOS = 244_000 + 1_984_000;

  /** About 30,000 years either way: sums cannot overflow. */
  private static final long MAX_SECONDS = 1L << 40;

  private final String id;
  private final InstantSource clock;
  private final long lowMemory;
  private final long highMemory;
  private final byte[] memory = new byte[SIZE];
  private int index;
  private long offsetSeconds;
  private long flagsReadAt;

  /**
   * @param lowMemory bytes of RAM below 4 GiB, for the memory size fields
   * @param highMemory bytes of RAM above 4 GiB
   */
  public CmosRtc(String id, InstantSource clock, long lowMemory, long highMemory) {
    this.id = id;
    this.clock = clock;
    this.lowMemory = lowMemory;
    this.highMemory = highMemory;
    reset();
  }

  @Override
  public synchronized long read(long offset, int size) {
    if (size != 1) {
      return -1;
    }
    return offset == 0 ? 0xff : readRegister(index);
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    if (size != 1) {
      return;
    }
    if (offset == 0) {
      index = (int) value & (SIZE - 1); // bit 7 masks NMI, of which there is none
    } else {
      writeRegister(index, (int) value & 0xff);
    }
  }

  private int readRegister(int register) {
    if (isTime(register) && !frozen()) {
      return encode(register, now());
    }
    return switch (register) {
      case REG_A -> (memory[REG_A] & 0x7f) | (updating() ? A_UPDATING : 0);
      case REG_C -> readFlags();
      case REG_D -> D_VALID;
      default -> memory[register] & 0xff;
    };
  }

  private void writeRegister(int register, int value) {
    switch (register) {
      case REG_A -> memory[REG_A] = (byte) (value & 0x7f);
      case REG_B -> writeControl(value);
      case REG_C, REG_D -> {} // read-only
      default -> {
        if (isTime(register) && !frozen()) {
          freezeTime();
          memory[register] = (byte) value;
          setTime();
        } else {
          memory[register] = (byte) value;
        }
      }
    }
  }

  private void writeControl(int value) {
    boolean freezes = !frozen() && (value & B_SET) != 0;
    boolean thaws = frozen() && (value & B_SET) == 0;
    if (freezes) {
      freezeTime();
    }
    memory[REG_B] = (byte) value;
    if (thaws) {
      setTime();
    }
  }

  private boolean frozen() {
    return (memory[REG_B] & B_SET) != 0;
  }

  private boolean updating() {
    return !frozen()
        && clock.instant().get(ChronoField.NANO_OF_SECOND) >= 1_000_000_000L - UPDATE_NANOS;
  }

  private LocalDateTime now() {
    return LocalDateTime.ofEpochSecond(hostSeconds() + offsetSeconds, 0, ZoneOffset.UTC);
  }

  private long hostSeconds() {
    Instant now = clock.instant();
    return Math.clamp(now.getEpochSecond(), -MAX_SECONDS, MAX_SECONDS);
  }

  private int readFlags() {
    long last = flagsReadAt + offsetSeconds;
    flagsReadAt = hostSeconds();
    long now = flagsReadAt + offsetSeconds;
    if (frozen() || now <= last) {
      return 0;
    }
    return C_UPDATED | (alarmBetween(last, now) ? C_ALARM : 0);
  }

  /** Whether the alarm's time of day came in {@code (last, now]}. */
  private boolean alarmBetween(long last, long now) {
    long first = Math.max(last + 1, now - 86_399);
    for (long second = first; second <= now; second++) {
      LocalDateTime time = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
      if (alarmMatches(SECONDS, time) && alarmMatches(MINUTES, time) && alarmMatches(HOURS, time)) {
        return true;
      }
    }
    return false;
  }

  private boolean alarmMatches(int register, LocalDateTime time) {
    int alarm = memory[register + 1] & 0xff;
    return (alarm & 0xc0) == 0xc0 || alarm == encode(register, time);
  }

  private static boolean isTime(int register) {
    return switch (register) {
      case SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR, CENTURY -> true;
      default -> false;
    };
  }

  private int encode(int register, LocalDateTime time) {
    return switch (register) {
      case SECONDS -> encode(time.getSecond());
      case MINUTES -> encode(time.getMinute());
      case HOURS -> encodeHour(time.getHour());
      case WEEKDAY -> encode(time.getDayOfWeek().getValue() % 7 + 1); // Sunday is 1
      case DAY -> encode(time.getDayOfMonth());
      case MONTH -> encode(time.getMonthValue());
      case YEAR -> encode(Math.floorMod(time.getYear(), 100));
      default -> encode(Math.floorMod(Math.floorDiv(time.getYear(), 100), 100));
    };
  }

  private int encode(int value) {
    return (memory[REG_B] & B_BINARY) != 0 ? value : ((value / 10) << 4) | (value % 10);
  }

  private int decode(int value) {
    return (memory[REG_B] & B_BINARY) != 0 ? value : (value >> 4) * 10 + (value & 0x0f);
  }

  private int encodeHour(int hour) {
    if ((memory[REG_B] & B_24_HOURS) != 0) {
      return encode(hour);
    }
    int half = hour % 12 == 0 ? 12 : hour % 12;
    return encode(half) | (hour >= 12 ? 0x80 : 0);
  }

  private int decodeHour(int value) {
    if ((memory[REG_B] & B_24_HOURS) != 0) {
      return decode(value);
    }
    return decode(value & 0x7f) % 12 + ((value & 0x80) != 0 ? 12 : 0);
  }

  private void freezeTime() {
    LocalDateTime now = now();
    for (int register : new int[] {SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR, CENTURY}) {
      memory[register] = (byte) encode(register, now);
    }
  }

  /** Makes the registers' time the guest's; one that is no date leaves the clock as it was. */
  private void setTime() {
    int century = decode(memory[CENTURY] & 0xff);
    try {
      LocalDateTime time =
          LocalDateTime.of(
              century * 100 + decode(memory[YEAR] & 0xff),
              decode(memory[MONTH] & 0xff),
              decode(memory[DAY] & 0xff),
              decodeHour(memory[HOURS] & 0xff),
              decode(memory[MINUTES] & 0xff),
              decode(memory[SECONDS] & 0xff));
      offsetSeconds = time.toEpochSecond(ZoneOffset.UTC) - hostSeconds();
    } catch (DateTimeException e) {
      // The guest wrote a 13th month or the like.
    }
  }

  private void putMemorySizes() {
    long extended = Math.clamp((lowMemory - (1 << 20)) >> 10, 0, 0xffff);
    long above16 = Math.clamp((lowMemory - (16 << 20)) >> 16, 0, 0xffff);
    long above4g = Math.clamp(highMemory >> 16, 0, 0xffffff);
    put(0x15, 640, 2);
    put(0x17, extended, 2);
    put(0x30, extended, 2);
    put(0x34, above16, 2);
    put(0x5b, above4g, 3);
  }

  private void put(int register, long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      memory[register + i] = (byte) (value >> (8 * i));
    }
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
  public synchronized State save() {
    return new State(VERSION, index, memory.clone(), offsetSeconds, flagsReadAt);
  }

  @Override
  public synchronized void restore(State state) throws BadStateException {
    StateCheck check = new StateCheck(id);
    check.version(state.version, VERSION);
    check.range("index", state.index, 0, SIZE - 1);
    check.exactly("memory", state.memory, SIZE);
    check.range("offsetSeconds", state.offsetSeconds, -MAX_SECONDS, MAX_SECONDS);
    check.range("flagsReadAt", state.flagsReadAt, -MAX_SECONDS, MAX_SECONDS);
    index = state.index;
    System.arraycopy(state.memory, 0, memory, 0, SIZE);
    memory[REG_A] &= 0x7f;
    offsetSeconds = state.offsetSeconds;
    flagsReadAt = state.flagsReadAt;
  }

  /** As with a new battery: a reset keeps neither the guest's time nor its bytes. */
  @Override
  public synchronized void reset() {
    java.util.Arrays.fill(memory, (byte) 0);
    memory[REG_A] = 0x26; // 32,768 Hz time base, 1,024 Hz rate
    memory[REG_B] = B_24_HOURS;
    putMemorySizes();
    index = 0;
    offsetSeconds = 0;
    flagsReadAt = hostSeconds();
  }

  @Override
  public void pause() {}

  @Override
  public void resume() {}

  @Override
  public void close() {}
}
