package io.vivarium.kvm;

import static io.vivarium.kvm.abi.KvmRequests.*;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.vivarium.kvm.abi.KvmConstants;
import io.vivarium.kvm.abi.VcpuStructs.Debugregs;
import io.vivarium.kvm.abi.VcpuStructs.DeviceAttr;
import io.vivarium.kvm.abi.VcpuStructs.Fpu;
import io.vivarium.kvm.abi.VcpuStructs.GuestDebug;
import io.vivarium.kvm.abi.VcpuStructs.LapicState;
import io.vivarium.kvm.abi.VcpuStructs.SignalMask;
import io.vivarium.kvm.abi.VcpuStructs.Translation;
import io.vivarium.kvm.abi.VcpuStructs.Xcrs;
import io.vivarium.linux.Errno;
import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.Fd;
import io.vivarium.linux.LibC;
import io.vivarium.linux.LinuxThreads;
import io.vivarium.linux.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A virtual processor's descriptor and its run page. Belongs to one platform thread, the one that
 * calls {@link #run}; only {@link #kick} may be called from others.
 *
 * <p>States that are saved and restored whole travel as the bytes of their kernel struct. Setting
 * one of a wrong length throws IllegalArgumentException; what the kernel refuses, KvmException.
 */
public final class KvmVcpu implements AutoCloseable {
  private final Fd fd;
  private final int id;
  private final int xsaveSize;
  private final Mapping mapping;
  private final RunPage page;

  private @Nullable Thread runner;
  private volatile int runnerId;

  /** Whether the runner may be inside KVM_RUN. Written by the runner only. */
  private volatile boolean running;

  /** Whether a kick waits for run() to return: until then further ones have nothing to do. */
  private final AtomicBoolean kicked = new AtomicBoolean();

  private KvmVcpu(Fd fd, int id, Mapping mapping, int xsaveSize) {
    this.fd = fd;
    this.id = id;
    this.mapping = mapping;
    this.xsaveSize = xsaveSize;
    page = new RunPage(mapping.segment());
  }

  static KvmVcpu of(Fd fd, int id, int runPageSize, int xsaveSize) throws KvmException {
    try {
      return new KvmVcpu(fd, id, Mapping.shared(fd, 0, runPageSize), xsaveSize);
    } catch (ErrnoException e) {
      fd.close();
      throw new KvmException(e.call(), e.errno(), null);
    }
  }

  public Fd fd() {
    return fd;
  }

  public int id() {
    return id;
  }

  /** The page shared with the kernel. */
  public RunPage runPage() {
    return page;
  }

  /** The writes that KVM kept back for this vCPU's VM: one ring for all vCPUs of it. */
  public CoalescedWrites coalescedWrites() {
    long at = (long) KvmConstants.KVM_COALESCED_MMIO_PAGE_OFFSET * CoalescedWrites.PAGE;
    return new CoalescedWrites(mapping.segment().asSlice(at, CoalescedWrites.PAGE));
  }

  /**
   * Runs the guest until something leaves it, KVM_RUN.
   *
   * <p>KVM_EXIT_INTR says that a {@link #kick} came (or the kernel had another reason to return
   * early): look at your own flags, then call again. The guest sees nothing of it.
   *
   * @return the exit reason, KVM_EXIT_*; its details are in {@link #runPage}
   */
  @SuppressWarnings("ReferenceEquality") // a thread is itself only; this is the hot path
  public int run() throws KvmException {
    Thread current = Thread.currentThread();
    if (runner != current) {
      bind(current);
    }
    int number = fd.number();
    running = true; // before the kernel looks at immediate_exit: see kick
    int result = LibC.ioctl(number, KVM_RUN, 0);
    if (result == 0) {
      running = false;
      return page.exitReason();
    }
    int errno = LibC.errno();
    running = false;
    // EAGAIN: a vCPU that waits for its start-up message was woken.
    if (errno != Errno.EINTR && errno != Errno.EAGAIN) {
      throw Ioctl.failure(fd, KVM_RUN, errno);
    }
    page.setImmediateExit(false); // before the caller looks at its flags
    kicked.set(false);
    page.setExitReason(KvmConstants.KVM_EXIT_INTR);
    return KvmConstants.KVM_EXIT_INTR;
  }

  /**
   * Lets the kernel finish the instruction that the last exit began, a port read say, without
   * running the guest on. To be called before state is saved, with the exit answered. It may
   * swallow a {@link #kick}: look at your flags afterwards as after run.
   *
   * @return KVM_EXIT_INTR when all is finished; another reason is an exit to answer, then call
   *     again
   */
  public int finishExit() throws KvmException {
    page.setImmediateExit(true);
    return run();
  }

  /**
   * Makes {@link #run} return KVM_EXIT_INTR: the one that runs, or if none does, the next. May be
   * called from any thread and at any time before {@link #close}, also when no thread ever ran this
   * vCPU. Costs a signal only when the vCPU is in the guest.
   *
   * <p>Set your own flag (pause, stop) before the kick, and look at it after every return of run.
   * Several kicks may end one run only.
   */
  public void kick() {
    if (kicked.getAndSet(true)) {
      return; // a signal for each would bury the thread in signals: real-time ones queue
    }
    page.setImmediateExit(true);
    // Either run() set running before this read, and the signal ends its KVM_RUN; or it will set it
    // after, and then KVM_RUN sees immediate_exit. Both accesses are volatile, hence ordered.
    if (running) {
      KickSignal.send(runnerId);
    }
  }

  private void bind(Thread current) {
    if (current.isVirtual()) {
      throw new IllegalStateException("a vCPU runs on a platform thread only");
    }
    KickSignal.install();
    runnerId = LinuxThreads.currentId();
    runner = current;
  }

  /** The kernel's id of the thread that last called {@link #run}; 0 when none did. */
  public int threadId() {
    return runnerId;
  }

  // Registers

  public void getRegs(KvmRegs into) throws KvmException {
    Ioctl.call(fd, KVM_GET_REGS, into.segment());
  }

  public void setRegs(KvmRegs regs) throws KvmException {
    Ioctl.call(fd, KVM_SET_REGS, regs.segment());
  }

  public void getSregs(KvmSregs into) throws KvmException {
    Ioctl.call(fd, KVM_GET_SREGS, into.segment());
  }

  public void setSregs(KvmSregs sregs) throws KvmException {
    Ioctl.call(fd, KVM_SET_SREGS, sregs.segment());
  }

  public void getVcpuEvents(KvmVcpuEvents into) throws KvmException {
    Ioctl.call(fd, KVM_GET_VCPU_EVENTS, into.segment());
  }

  public void setVcpuEvents(KvmVcpuEvents events) throws KvmException {
    Ioctl.call(fd, KVM_SET_VCPU_EVENTS, events.segment());
  }

  /** {@code struct kvm_fpu}, 416 bytes. */
  public byte[] getFpu() throws KvmException {
    return Ioctl.get(fd, KVM_GET_FPU, Fpu.SIZE);
  }

  public void setFpu(byte[] state) throws KvmException {
    Ioctl.set(fd, KVM_SET_FPU, Fpu.SIZE, state);
  }

  /** Bytes of {@link #getXsave} in this VM: 4096, or more with features that were asked for. */
  public int xsaveSize() {
    return xsaveSize;
  }

  /** The XSAVE area in its standard format, of {@link #xsaveSize} bytes. */
  public byte[] getXsave() throws KvmException {
    return Ioctl.get(fd, xsaveSize > 4096 ? KVM_GET_XSAVE2 : KVM_GET_XSAVE, xsaveSize);
  }

  public void setXsave(byte[] state) throws KvmException {
    Ioctl.set(fd, KVM_SET_XSAVE, xsaveSize, state);
  }

  /** {@code struct kvm_xcrs}, 392 bytes. */
  public byte[] getXcrs() throws KvmException {
    return Ioctl.get(fd, KVM_GET_XCRS, Xcrs.SIZE);
  }

  public void setXcrs(byte[] state) throws KvmException {
    Ioctl.set(fd, KVM_SET_XCRS, Xcrs.SIZE, state);
  }

  /** {@code struct kvm_debugregs}, 128 bytes. */
  public byte[] getDebugregs() throws KvmException {
    return Ioctl.get(fd, KVM_GET_DEBUGREGS, Debugregs.SIZE);
  }

  public void setDebugregs(byte[] state) throws KvmException {
    Ioctl.set(fd, KVM_SET_DEBUGREGS, Debugregs.SIZE, state);
  }

  /** The local APIC's registers, 1024 bytes. */
  public byte[] getLapic() throws KvmException {
    return Ioctl.get(fd, KVM_GET_LAPIC, LapicState.SIZE);
  }

  public void setLapic(byte[] state) throws KvmException {
    Ioctl.set(fd, KVM_SET_LAPIC, LapicState.SIZE, state);
  }

  /** KVM_MP_STATE_*. */
  public int getMpState() throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(JAVA_INT);
      Ioctl.call(fd, KVM_GET_MP_STATE, state);
      return state.get(JAVA_INT, 0);
    }
  }

  public void setMpState(int state) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      Ioctl.call(fd, KVM_SET_MP_STATE, arena.allocateFrom(JAVA_INT, state));
    }
  }

  // CPUID and MSRs

  public List<KvmCpuidEntry2> getCpuid2() throws KvmException {
    List<KvmCpuidEntry2> leaves = KvmCpuidEntry2.get(fd, KVM_GET_CPUID2);
    // Before Linux 6.6 the call leaves the count as asked: what follows the last leaf is zero.
    int count = leaves.size();
    while (count > 0 && isEmpty(leaves.get(count - 1))) {
      count--;
    }
    return List.copyOf(leaves.subList(0, count));
  }

  private static boolean isEmpty(KvmCpuidEntry2 leaf) {
    return (leaf.function() | leaf.eax() | leaf.ebx() | leaf.ecx() | leaf.edx()) == 0;
  }

  /** What CPUID tells the guest; before the first run. */
  public void setCpuid2(List<KvmCpuidEntry2> entries) throws KvmException {
    KvmCpuidEntry2.set(fd, KVM_SET_CPUID2, entries);
  }

  /** MSRs in the order asked for. Throws KvmException that names the one that cannot be read. */
  public List<KvmMsrEntry> getMsrs(int... indices) throws KvmException {
    List<KvmMsrEntry> values = KvmMsrEntry.get(fd, KVM_GET_MSRS, indices);
    if (values.size() < indices.length) {
      throw refused("KVM_GET_MSRS of 0x%x".formatted(indices[values.size()]));
    }
    return values;
  }

  /** As {@link #getMsrs}, leaving out those that cannot be read. */
  public List<KvmMsrEntry> getReadableMsrs(int[] indices) throws KvmException {
    List<KvmMsrEntry> values = new ArrayList<>(indices.length);
    int from = 0;
    while (from < indices.length) {
      List<KvmMsrEntry> some =
          KvmMsrEntry.get(fd, KVM_GET_MSRS, Arrays.copyOfRange(indices, from, indices.length));
      values.addAll(some);
      from += some.size() + 1; // the one after them was refused
    }
    return values;
  }

  /** Sets MSRs in order. Throws KvmException that names the first one that KVM refuses. */
  public void setMsrs(List<KvmMsrEntry> values) throws KvmException {
    int count = trySetMsrs(values);
    if (count < values.size()) {
      throw refused("KVM_SET_MSRS of " + values.get(count));
    }
  }

  /**
   * Sets MSRs in order until KVM refuses one.
   *
   * @return how many were set; the one at this index was refused
   */
  public int trySetMsrs(List<KvmMsrEntry> values) throws KvmException {
    return KvmMsrEntry.set(fd, KVM_SET_MSRS, values);
  }

  private KvmException refused(String call) {
    return new KvmException(
        call + " on " + fd.what(), Errno.EINVAL, "This host's KVM does not have that register");
  }

  // Time

  /** Frequency of the guest's TSC in kHz. */
  public int getTscKhz() throws KvmException {
    return Ioctl.call(fd, KVM_GET_TSC_KHZ, 0);
  }

  /** Needs KVM_CAP_TSC_CONTROL unless it is the host's own frequency. */
  public void setTscKhz(int khz) throws KvmException {
    Ioctl.call(fd, KVM_SET_TSC_KHZ, khz);
  }

  /** Whether {@link #getTscOffset} and {@link #setTscOffset} are there. */
  public boolean hasTscOffset() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attribute = tscOffset(arena, 0);
      return LibC.ioctl(fd.number(), KVM_HAS_DEVICE_ATTR, attribute.address()) == 0;
    }
  }

  /** What is added to the host's TSC to give the guest's. */
  public long getTscOffset() throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_LONG);
      Ioctl.call(fd, KVM_GET_DEVICE_ATTR, tscOffset(arena, value.address()));
      return value.get(JAVA_LONG, 0);
    }
  }

  public void setTscOffset(long offset) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocateFrom(JAVA_LONG, offset);
      Ioctl.call(fd, KVM_SET_DEVICE_ATTR, tscOffset(arena, value.address()));
    }
  }

  private static MemorySegment tscOffset(Arena arena, long address) {
    MemorySegment attribute = arena.allocate(DeviceAttr.SIZE, 8);
    attribute.set(JAVA_INT, DeviceAttr.GROUP, KvmConstants.KVM_VCPU_TSC_CTRL);
    attribute.set(JAVA_LONG, DeviceAttr.ATTR, KvmConstants.KVM_VCPU_TSC_OFFSET);
    attribute.set(JAVA_LONG, DeviceAttr.ADDR, address);
    return attribute;
  }

  /**
   * Tells a guest with kvmclock that it was paused, so that its watchdogs keep still.
   *
   * @return false when the guest uses no kvmclock
   */
  public boolean kvmclockCtrl() throws KvmException {
    if (LibC.ioctl(fd.number(), KVM_KVMCLOCK_CTRL, 0) == 0) {
      return true;
    }
    int errno = LibC.errno();
    if (errno == Errno.EINVAL) {
      return false;
    }
    throw Ioctl.failure(fd, KVM_KVMCLOCK_CTRL, errno);
  }

  // Events and inspection

  /** Raises a non-maskable interrupt. */
  public void nmi() throws KvmException {
    Ioctl.call(fd, KVM_NMI, 0);
  }

  /** Queues an external interrupt, where no irqchip is in the kernel. */
  public void interrupt(int vector) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      Ioctl.call(fd, KVM_INTERRUPT, arena.allocateFrom(JAVA_INT, vector));
    }
  }

  /** Walks the guest's page tables as they are now. */
  public KvmTranslation translate(long linearAddress) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment struct = arena.allocate(Translation.SIZE, 8);
      struct.set(JAVA_LONG, Translation.LINEAR_ADDRESS, linearAddress);
      Ioctl.call(fd, KVM_TRANSLATE, struct);
      return new KvmTranslation(
          linearAddress,
          struct.get(JAVA_LONG, Translation.PHYSICAL_ADDRESS),
          struct.get(JAVA_BYTE, Translation.VALID) != 0,
          struct.get(JAVA_BYTE, Translation.WRITEABLE) != 0,
          struct.get(JAVA_BYTE, Translation.USERMODE) != 0);
    }
  }

  /** KVM_SET_GUEST_DEBUG: KVM_GUESTDBG_* flags; 0 turns it off. */
  public void setGuestDebug(int control) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment debug = arena.allocate(GuestDebug.SIZE, 8);
      debug.set(JAVA_INT, GuestDebug.CONTROL, control);
      Ioctl.call(fd, KVM_SET_GUEST_DEBUG, debug);
    }
  }

  /** The signals blocked while in KVM_RUN: bit n - 1 for signal n. {@link #kick} needs bit 39. */
  public void setSignalMask(long blocked) throws KvmException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(SignalMask.SIZE + 8, 8);
      mask.set(JAVA_INT, SignalMask.LEN, 8);
      mask.set(JAVA_LONG.withByteAlignment(4), SignalMask.SIGSET, blocked);
      Ioctl.call(fd, KVM_SET_SIGNAL_MASK, mask);
    }
  }

  /** Turns a capability of the vCPU on. */
  public void enableCap(int capability, long... arguments) throws KvmException {
    KvmVm.enableCap(fd, capability, arguments);
  }

  /** Unmaps the run page and closes the descriptor. The running thread must have left run. */
  @Override
  public void close() {
    mapping.close();
    fd.close();
  }
}
