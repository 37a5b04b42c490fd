package io.vivarium.devices.virtio;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Guest memory scattered over several ranges, all of them checked, read or written as one run with
 * a cursor. Values are little-endian. Asking for more than {@link #remaining} is a {@link
 * GuestFaultException}: the driver gave too small a buffer.
 */
public final class GuestBuffer {
  private static final MemorySegment[] NOTHING = {};

  /** A buffer of no bytes. */
  static final GuestBuffer EMPTY = new GuestBuffer(NOTHING, 0, 0);

  private final MemorySegment[] parts;
  private final int end;
  private int index;
  private long offset;
  private long remaining;

  /** Parts from {@code start} up to {@code end}. */
  GuestBuffer(MemorySegment[] parts, int start, int end) {
    this.parts = parts;
    this.index = start;
    this.end = end;
    for (int i = start; i < end; i++) {
      remaining += parts[i].byteSize();
    }
  }

  /** A buffer over segments that the caller owns, for tests and for devices' own bytes. */
  public static GuestBuffer of(MemorySegment... parts) {
    return new GuestBuffer(parts.clone(), 0, parts.length);
  }

  /** Bytes between the cursor and the end. */
  public long remaining() {
    return remaining;
  }

  public int getU8() throws GuestFaultException {
    MemorySegment part = contiguous(1);
    return part.get(ValueLayout.JAVA_BYTE, 0) & 0xff;
  }

  public int getU16() throws GuestFaultException {
    return contiguous(2).get(LittleEndian.U16, 0) & 0xffff;
  }

  public int getU32() throws GuestFaultException {
    return contiguous(4).get(LittleEndian.U32, 0);
  }

  public long getU64() throws GuestFaultException {
    return contiguous(8).get(LittleEndian.U64, 0);
  }

  /** Fills the array. */
  public void get(byte[] target) throws GuestFaultException {
    get(target, 0, target.length);
  }

  public void get(byte[] target, int at, int length) throws GuestFaultException {
    require(length);
    int done = 0;
    while (done < length) {
      MemorySegment part = next(length - done);
      int count = (int) part.byteSize();
      MemorySegment.copy(part, ValueLayout.JAVA_BYTE, 0, target, at + done, count);
      done += count;
    }
  }

  public void putU8(int value) throws GuestFaultException {
    put(new byte[] {(byte) value});
  }

  public void putU16(int value) throws GuestFaultException {
    put(new byte[] {(byte) value, (byte) (value >> 8)});
  }

  public void putU32(int value) throws GuestFaultException {
    putNumber(value, 4);
  }

  public void putU64(long value) throws GuestFaultException {
    putNumber(value, 8);
  }

  private void putNumber(long value, int bytes) throws GuestFaultException {
    byte[] array = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      array[i] = (byte) (value >>> (8 * i));
    }
    put(array);
  }

  /** Writes the whole array. */
  public void put(byte[] source) throws GuestFaultException {
    put(source, 0, source.length);
  }

  public void put(byte[] source, int at, int length) throws GuestFaultException {
    require(length);
    int done = 0;
    while (done < length) {
      MemorySegment part = next(length - done);
      int count = (int) part.byteSize();
      MemorySegment.copy(source, at + done, part, ValueLayout.JAVA_BYTE, 0, count);
      done += count;
    }
  }

  /** Copies from another buffer as much as both hold; returns how many bytes. */
  public long transferFrom(GuestBuffer source) {
    long total = Math.min(remaining, source.remaining);
    long left = total;
    while (left > 0) {
      MemorySegment to = next(left);
      long done = 0;
      while (done < to.byteSize()) {
        MemorySegment from = source.next(to.byteSize() - done);
        MemorySegment.copy(from, 0, to, done, from.byteSize());
        done += from.byteSize();
      }
      left -= to.byteSize();
    }
    return total;
  }

  /**
   * The next contiguous run of at most {@code limit} bytes, which the cursor passes over. There
   * must be bytes left.
   */
  public MemorySegment next(long limit) {
    while (offset == parts[index].byteSize()) {
      index++;
      offset = 0;
    }
    long count = Math.min(limit, parts[index].byteSize() - offset);
    MemorySegment part = parts[index].asSlice(offset, count);
    offset += count;
    remaining -= count;
    return part;
  }

  /** The next {@code length} bytes as a buffer of their own; the cursor passes over them. */
  public GuestBuffer take(long length) throws GuestFaultException {
    require(length);
    MemorySegment[] taken = new MemorySegment[Math.max(1, end - index)];
    int count = 0;
    long left = length;
    while (left > 0) {
      MemorySegment part = next(left);
      taken[count++] = part;
      left -= part.byteSize();
    }
    return new GuestBuffer(taken, 0, count);
  }

  /** Passes over {@code length} bytes. */
  public void skip(long length) throws GuestFaultException {
    require(length);
    long left = length;
    while (left > 0) {
      left -= next(left).byteSize();
    }
  }

  /** All remaining bytes, at most {@code limit} of them; the cursor passes over them. */
  public byte[] bytes(int limit) throws GuestFaultException {
    byte[] all = new byte[(int) Math.min(limit, remaining)];
    get(all);
    return all;
  }

  private MemorySegment contiguous(int length) throws GuestFaultException {
    require(length);
    MemorySegment part = next(length);
    if (part.byteSize() == length) {
      return part;
    }
    byte[] copy = new byte[length];
    int done = 0;
    while (true) {
      int count = (int) part.byteSize();
      MemorySegment.copy(part, ValueLayout.JAVA_BYTE, 0, copy, done, count);
      done += count;
      if (done == length) {
        return MemorySegment.ofArray(copy);
      }
      part = next(length - done);
    }
  }

  private void require(long length) throws GuestFaultException {
    if (length < 0 || length > remaining) {
      throw new GuestFaultException(
          "a buffer has %d bytes where %d are needed".formatted(remaining, length));
    }
  }
}
