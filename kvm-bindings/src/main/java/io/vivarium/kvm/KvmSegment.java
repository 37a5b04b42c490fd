package io.vivarium.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.vivarium.kvm.abi.VcpuStructs.Segment;
import java.lang.foreign.MemorySegment;

/** A segment register with its hidden part, a view of {@code struct kvm_segment}. */
public final class KvmSegment {
  private final MemorySegment struct;

  KvmSegment(MemorySegment struct) {
    this.struct = struct;
  }

  public MemorySegment segment() {
    return struct;
  }

  /** Sets all fields but base, limit and selector from a descriptor's access bytes. */
  public void set(
      int selector, long base, int limit, int type, int s, int dpl, int db, int l, int g) {
    struct.fill((byte) 0);
    selector(selector);
    base(base);
    limit(limit);
    type(type);
    s(s);
    dpl(dpl);
    db(db);
    l(l);
    g(g);
    present(1);
  }

  public long base() {
    return struct.get(JAVA_LONG, Segment.BASE);
  }

  public void base(long value) {
    struct.set(JAVA_LONG, Segment.BASE, value);
  }

  public int limit() {
    return struct.get(JAVA_INT, Segment.LIMIT);
  }

  public void limit(int value) {
    struct.set(JAVA_INT, Segment.LIMIT, value);
  }

  public int selector() {
    return struct.get(JAVA_SHORT, Segment.SELECTOR) & 0xffff;
  }

  public void selector(int value) {
    struct.set(JAVA_SHORT, Segment.SELECTOR, (short) value);
  }

  public int type() {
    return struct.get(JAVA_BYTE, Segment.TYPE) & 0xff;
  }

  public void type(int value) {
    struct.set(JAVA_BYTE, Segment.TYPE, (byte) value);
  }

  public int present() {
    return struct.get(JAVA_BYTE, Segment.PRESENT) & 0xff;
  }

  public void present(int value) {
    struct.set(JAVA_BYTE, Segment.PRESENT, (byte) value);
  }

  public int dpl() {
    return struct.get(JAVA_BYTE, Segment.DPL) & 0xff;
  }

  public void dpl(int value) {
    struct.set(JAVA_BYTE, Segment.DPL, (byte) value);
  }

  public int db() {
    return struct.get(JAVA_BYTE, Segment.DB) & 0xff;
  }

  public void db(int value) {
    struct.set(JAVA_BYTE, Segment.DB, (byte) value);
  }

  public int s() {
    return struct.get(JAVA_BYTE, Segment.S) & 0xff;
  }

  public void s(int value) {
    struct.set(JAVA_BYTE, Segment.S, (byte) value);
  }

  public int l() {
    return struct.get(JAVA_BYTE, Segment.L) & 0xff;
  }

  public void l(int value) {
    struct.set(JAVA_BYTE, Segment.L, (byte) value);
  }

  public int g() {
    return struct.get(JAVA_BYTE, Segment.G) & 0xff;
  }

  public void g(int value) {
    struct.set(JAVA_BYTE, Segment.G, (byte) value);
  }

  public int avl() {
    return struct.get(JAVA_BYTE, Segment.AVL) & 0xff;
  }

  public void avl(int value) {
    struct.set(JAVA_BYTE, Segment.AVL, (byte) value);
  }

  public int unusable() {
    return struct.get(JAVA_BYTE, Segment.UNUSABLE) & 0xff;
  }

  public void unusable(int value) {
    struct.set(JAVA_BYTE, Segment.UNUSABLE, (byte) value);
  }
}
