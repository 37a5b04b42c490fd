package io.vivarium.machine;

/** A queue of bytes of a fixed capacity. Not safe for several threads. */
final class ByteRing {
  private final byte[] bytes;
  private int start;
  private int size;

  ByteRing(int capacity) {
    bytes = new byte[capacity];
  }

  /** What holds them: those from {@link #start} on, {@link #run} of them, lie in a row. */
  byte[] bytes() {
    return bytes;
  }

  int start() {
    return start;
  }

  int size() {
    return size;
  }

  int free() {
    return bytes.length - size;
  }

  /** How many bytes from {@code start} on lie in a row. */
  int run() {
    return Math.min(size, bytes.length - start);
  }

  void drop(int count) {
    start = (start + count) % bytes.length;
    size -= count;
  }

  void put(byte value) {
    if (size == bytes.length) {
      drop(1);
    }
    bytes[(start + size) % bytes.length] = value;
    size++;
  }

  int add(byte[] data, int offset, int length) {
    int count = Math.min(length, free());
    for (int i = 0; i < count; i++) {
      put(data[offset + i]);
    }
    return count;
  }

  int take(byte[] target) {
    int count = peek(target);
    drop(count);
    return count;
  }

  /** As {@link #take}, but they stay. */
  int peek(byte[] target) {
    int count = Math.min(target.length, size);
    int first = Math.min(count, bytes.length - start);
    System.arraycopy(bytes, start, target, 0, first);
    System.arraycopy(bytes, 0, target, first, count - first);
    return count;
  }
}
