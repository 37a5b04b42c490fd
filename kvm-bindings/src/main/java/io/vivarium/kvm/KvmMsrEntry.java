package io.vivarium.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.vivarium.kvm.abi.VcpuStructs.MsrEntry;
import io.vivarium.kvm.abi.VcpuStructs.Msrs;
import io.vivarium.linux.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A model-specific register and its value, {@code struct kvm_msr_entry}. */
public record KvmMsrEntry(int index, long data) {
  @Override
  public String toString() {
    return "MSR 0x%x = 0x%x".formatted(index, data);
  }

  /** Reads until the first register that KVM refuses: the list is then shorter than asked for. */
  static List<KvmMsrEntry> get(Fd fd, long request, int[] indices) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment list = arena.allocate(Msrs.SIZE + (long) indices.length * MsrEntry.SIZE, 8);
      list.set(JAVA_INT, Msrs.NMSRS, indices.length);
      for (int i = 0; i < indices.length; i++) {
        list.set(JAVA_INT, at(i) + MsrEntry.INDEX, indices[i]);
      }
      int count = Ioctl.call(fd, request, list);
      List<KvmMsrEntry> values = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        values.add(new KvmMsrEntry(indices[i], list.get(JAVA_LONG, at(i) + MsrEntry.DATA)));
      }
      return values;
    }
  }

  /** Writes until the first register that KVM refuses, and tells how many it took. */
  static int set(Fd fd, long request, List<KvmMsrEntry> values) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment list = arena.allocate(Msrs.SIZE + (long) values.size() * MsrEntry.SIZE, 8);
      list.set(JAVA_INT, Msrs.NMSRS, values.size());
      for (int i = 0; i < values.size(); i++) {
        list.set(JAVA_INT, at(i) + MsrEntry.INDEX, values.get(i).index);
        list.set(JAVA_LONG, at(i) + MsrEntry.DATA, values.get(i).data);
      }
      return Ioctl.call(fd, request, list);
    }
  }

  private static long at(int i) {
    return Msrs.ENTRIES + (long) i * MsrEntry.SIZE;
  }
}
