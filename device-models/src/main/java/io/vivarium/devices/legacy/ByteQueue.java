package io.vivarium.devices.legacy;

/** A bounded queue of bytes. Not safe for several threads. */
final class ByteQueue {
  private final byte[] ring;
  private int head;
  private int size;

  ByteQueue(int capacity) {
    ring = new byte[capacity];
  }

  int size() {
    return size;
  }

  int free() {
    return ring.length - size;
  }

  /** Takes as many as fit; returns how many. */
  int add(byte[] data, int offset, int length) {
    int count = Math.min(length, free());
    int tail = (head + size) % ring.length;
    int first = Math.min(count, ring.length - tail);
    System.arraycopy(data, offset, ring, tail, first);
    System.arraycopy(data, offset + first, ring, 0, count - first);
    size += count;
    return count;
  }

  /** Adds one byte; the caller has seen that there is room. */
  void add(int value) {
    ring[(head + size) % ring.length] = (byte) value;
    size++;
  }

  /** The oldest byte, 0 to 255; the caller has seen that there is one. */
  int remove() {
    int value = ring[head] & 0xff;
    head = (head + 1) % ring.length;
    size--;
    return value;
  }

  void clear() {
    head = 0;
    size = 0;
  }

  byte[] toArray() {
    byte[] all = new byte[size];
    int first = Math.min(size, ring.length - head);
    System.arraycopy(ring, head, all, 0, first);
    System.arraycopy(ring, 0, all, first, size - first);
    return all;
  }
}
