package io.vivarium.machine;

/**
 * A queue of bytes of a fixed capacity, which takes memory as it fills: most of a thousand forks'
 * ports are never used. Not safe for several threads.
 */
final class ByteRing {
  private static final int LEAST = 256;

  private final int capacity;
  private byte[] bytes;
  private int start;
  private int size;

  ByteRing(int capacity) {
    this.capacity = capacity;
    bytes = new byte[Math.min(capacity, LEAST)];
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
    return capacity - size;
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
    if (size == capacity) {
      drop(1);
    } else if (size == bytes.length) {
      grow();
    }
    bytes[(start + size) % bytes.length] = value;
    size++;
  }

  private void grow() {
    byte[] larger = new byte[Math.min(capacity, 2 * bytes.length)];
    int first = run();
    System.arraycopy(bytes, start, larger, 0, first);
    System.arraycopy(bytes, 0, larger, first, size - first);
    bytes = larger;
    start = 0;
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
