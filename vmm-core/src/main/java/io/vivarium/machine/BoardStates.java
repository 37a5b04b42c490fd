package io.vivarium.machine;

import io.vivarium.kvm.KvmClockData;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.KvmMsrEntry;
import io.vivarium.kvm.KvmVcpu;
import io.vivarium.kvm.KvmVm;
import io.vivarium.kvm.abi.KvmCaps;
import io.vivarium.kvm.abi.KvmConstants;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The state of KVM's part of a machine, taken and set again. No vCPU may run. */
final class BoardStates {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  /** How far a counter that can be set may be from what was just set: a second's worth. */
  private static final long TSC_TOLERANCE = 10_000_000_000L;

  /** After this, telling a guest the time is cheaper than its catching up. */
  private static final Duration LONG_AWAY = Duration.ofMinutes(5);

  private static final System.Logger LOG = System.getLogger(BoardStates.class.getName());

  private BoardStates() {}

  static MachineState capture(KvmBoard board, long memoryBytes) throws IOException {
    KvmVm vm = board.vm();
    List<MachineState.Vcpu> vcpus = new ArrayList<>();
    for (KvmVcpu vcpu : board.vcpus()) {
      vcpus.add(VcpuStates.capture(vcpu, board.msrs()));
    }
    KvmClockData clock = vm.getClock();
    boolean dated = (clock.flags() & KvmConstants.KVM_CLOCK_REALTIME) != 0;
    return new MachineState(
        MachineState.VERSION,
        memoryBytes,
        bootId(),
        vcpus,
        List.of(
            chip(vm, KvmConstants.KVM_IRQCHIP_PIC_MASTER),
            chip(vm, KvmConstants.KVM_IRQCHIP_PIC_SLAVE)),
        chip(vm, KvmConstants.KVM_IRQCHIP_IOAPIC),
        new MachineState.Chip(board.hasKvmPit() ? vm.getPit2() : new byte[0]),
        clock.clock(),
        dated ? clock.realtime() : nowNanos());
  }

  private static MachineState.Chip chip(KvmVm vm, int chip) throws KvmException {
    return new MachineState.Chip(vm.getIrqchip(chip));
  }

  static void apply(KvmBoard board, MachineState state) throws KvmException, BadSnapshotException {
    KvmVm vm = board.vm();
    long away = Math.max(0, nowNanos() - state.wallClock());
    List<KvmVcpu> vcpus = board.vcpus();
    for (int i = 0; i < vcpus.size(); i++) {
      setTsc(vcpus.get(i), state.vcpus().get(i), away, state.bootId());
      VcpuStates.apply(vcpus.get(i), state.vcpus().get(i));
    }
    if (state.pic().size() != 2) {
      throw new BadSnapshotException("pic has %d chips, not 2.".formatted(state.pic().size()));
    }
    try {
      vm.setIrqchip(KvmConstants.KVM_IRQCHIP_PIC_MASTER, state.pic().get(0).bytes());
      vm.setIrqchip(KvmConstants.KVM_IRQCHIP_PIC_SLAVE, state.pic().get(1).bytes());
      vm.setIrqchip(KvmConstants.KVM_IRQCHIP_IOAPIC, state.ioapic().bytes());
      if (board.hasKvmPit()) {
        vm.setPit2(state.pit().bytes());
      }
    } catch (IllegalArgumentException e) {
      throw new BadSnapshotException("An interrupt or timer chip: " + e.getMessage() + ".", e);
    }
    // The time that the guest was away has passed for it too: its wall clock is right at once.
    boolean dated =
        (vm.checkExtension(KvmCaps.KVM_CAP_ADJUST_CLOCK) & KvmConstants.KVM_CLOCK_REALTIME) != 0;
    vm.setClock(
        dated
            ? KvmClockData.since(state.clock(), state.wallClock())
            : KvmClockData.at(state.clock() + away));
    board.noteStop();
  }

  /** Sets the clock back to when a restored machine was saved, if that is long ago. */
  static boolean holdClock(KvmBoard board, MachineState state) {
    if (nowNanos() - state.wallClock() < LONG_AWAY.toNanos()) {
      return false;
    }
    try {
      board.vm().setClock(KvmClockData.at(state.clock()));
      return true;
    } catch (KvmException e) {
      LOG.log(Level.WARNING, "the guest's clock catches up by itself", e);
      return false;
    }
  }

  /**
   * Lets the counter go on by the time that passed. Where it is always the host's own, it has done
   * so by itself, unless the host was started anew.
   */
  private static void setTsc(
      KvmVcpu vcpu, MachineState.Vcpu state, long awayNanos, String savedBootId)
      throws KvmException, BadSnapshotException {
    long passed = (long) ((double) awayNanos * state.tscKhz() / 1e6);
    long target = state.tsc() + passed;
    long now = setTsc(vcpu, target);
    if (!isJustAfter(now, target)) {
      // KVM takes a value within a second of its own for a wish to synchronize, and keeps its own.
      setTsc(vcpu, target + 10_000L * state.tscKhz());
      now = setTsc(vcpu, target);
    }
    boolean settable = isJustAfter(now, target);
    if (!settable && Long.compareUnsigned(now, state.tsc()) < 0) {
      throw new BadSnapshotException(
          "It was saved %s, and on this host a guest's time stamp counter cannot be set: it would"
                  .formatted(
                      savedBootId.equals(bootId())
                          ? "on this host"
                          : "on another host, or before this one was last started")
              + " go back. Boot the machine instead.");
    }
  }

  private static long nowNanos() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }

  private static String bootId() {
    try {
      return Files.readString(BOOT_ID).strip();
    } catch (IOException e) {
      return "unknown";
    }
  }

  private static long setTsc(KvmVcpu vcpu, long value) throws KvmException {
    vcpu.trySetMsrs(List.of(new KvmMsrEntry(VcpuStates.MSR_TSC, value)));
    List<KvmMsrEntry> read = vcpu.getReadableMsrs(new int[] {VcpuStates.MSR_TSC});
    return read.isEmpty() ? value : read.getFirst().data();
  }

  private static boolean isJustAfter(long now, long target) {
    return now - target >= 0 && now - target < TSC_TOLERANCE;
  }
}
