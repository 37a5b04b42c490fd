package io.vivarium.machine;

import io.vivarium.acpi.LegacyIo;
import io.vivarium.assist.Assist;
import io.vivarium.assist.HostProfile;
import io.vivarium.assist.TickPacer;
import io.vivarium.boot.CpuEntry;
import io.vivarium.devices.irq.IrqLine;
import io.vivarium.devices.memory.GuestMemory;
import io.vivarium.kvm.Kvm;
import io.vivarium.kvm.KvmCpuidEntry2;
import io.vivarium.kvm.KvmException;
import io.vivarium.kvm.KvmVcpu;
import io.vivarium.kvm.KvmVm;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** KVM's part of a machine: the VM, its vCPUs with their threads, and the chipset around them. */
final class KvmBoard implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(KvmBoard.class.getName());

  /** Pages that Intel processors without unrestricted guests need, inside the device hole. */
  private static final long IDENTITY_MAP = 0xfffb_c000L;

  private static final long TSS = 0xfffb_d000L;

  private final KvmVm vm;
  private final Chipset chipset;
  private final List<Integer> msrs;
  private final RunGate gate = new RunGate();
  private final List<VcpuRunner> runners = new ArrayList<>();
  private @Nullable CoalescedConsole console;
  private boolean pit;
  private boolean ran;

  private KvmBoard(KvmVm vm, Chipset chipset, List<Integer> msrs) {
    this.vm = vm;
    this.chipset = chipset;
    this.msrs = msrs;
  }

  /** Builds all of it around the RAM, but for what CPUID says; the vCPUs' threads wait. */
  static KvmBoard build(
      Kvm kvm,
      HostProfile profile,
      GuestRam ram,
      String name,
      int cpus,
      DeviceConfig devices,
      MachineEvents events)
      throws IOException {
    KvmVm vm = kvm.createVm();
    Chipset chipset =
        new Chipset(
            name,
            ram,
            gsi -> irqLine(vm, gsi),
            events,
            new PanicWatcher(line -> events.tell(new MachineExit.Panic(line))));
    KvmBoard board = new KvmBoard(vm, chipset, Host.msrs(kvm));
    try {
      board.setUp(profile, ram.memory());
      if (!devices.isEmpty()) {
        chipset.addPci(VirtioBoard.build(name, devices, vm, ram));
      }
      for (int i = 0; i < cpus; i++) {
        board.addVcpu(i, profile, ram.memory(), name, events);
      }
      board.runners.forEach(VcpuRunner::start);
      return board;
    } catch (IOException | RuntimeException e) {
      board.close();
      throw e;
    }
  }

  private void setUp(HostProfile profile, GuestMemory memory) throws KvmException {
    vm.setIdentityMapAddr(IDENTITY_MAP);
    vm.setTssAddr(TSS);
    vm.createIrqchip();
    if (profile.interpretsRing0()) {
      vm.enableExitOnEmulationFailure();
      TickPacer pacer = new TickPacer(() -> runners.getFirst().threadId());
      chipset.addPacedTimer(irqLine(vm, LegacyIo.PIT_IRQ), pacer::delay);
    } else {
      vm.createPit2(true);
      pit = true;
    }
    int slot = 0;
    for (GuestMemory.Region region : memory.regions()) {
      vm.setUserMemoryRegion(slot++, 0, region.guestAddress(), region.host());
    }
  }

  private void addVcpu(
      int id, HostProfile profile, GuestMemory memory, String name, MachineEvents events)
      throws KvmException {
    KvmVcpu vcpu = vm.createVcpu(id);
    if (id == 0 && vm.coalescePort(LegacyIo.SERIAL.getFirst().port())) {
      console = new CoalescedConsole(name, vcpu.coalescedWrites(), chipset.ports());
    }
    Assist assist = null;
    if (profile.interpretsRing0()) {
      vcpu.runPage().setValidRegs(Assist.SYNC_REGS);
      assist = new Assist(vcpu, memory, profile);
    }
    runners.add(
        new VcpuRunner(
            name + "-vcpu" + id,
            vcpu,
            chipset.ports(),
            chipset.mmio(),
            gate,
            events::tell,
            assist,
            console));
  }

  /** Tells the vCPUs what this host can do; those of a saved machine bring theirs along. */
  void setCpuid(List<KvmCpuidEntry2> cpuid) throws KvmException {
    for (VcpuRunner runner : runners) {
      KvmVcpu vcpu = runner.vcpu();
      vcpu.setCpuid2(CpuidPolicy.of(cpuid, vcpu.id(), runners.size()));
    }
  }

  private static IrqLine irqLine(KvmVm vm, int gsi) {
    return high -> {
      try {
        vm.irqLine(gsi, high);
      } catch (KvmException e) {
        LOG.log(Level.ERROR, "GSI " + gsi + " cannot be driven", e);
      }
    };
  }

  /** Sets the vCPUs to the start of a kernel. */
  void resetCpus(CpuEntry entry) throws KvmException {
    for (VcpuRunner runner : runners) {
      CpuReset.firmwareMsrs(runner.vcpu());
    }
    CpuReset.enter(runners.getFirst().vcpu(), entry);
  }

  /** Whether the timer is KVM's, and not a device of the chipset. */
  boolean hasKvmPit() {
    return pit;
  }

  KvmVm vm() {
    return vm;
  }

  List<KvmVcpu> vcpus() {
    return runners.stream().map(VcpuRunner::vcpu).toList();
  }

  /** The model-specific registers that a vCPU's state has. */
  int[] msrs() {
    return msrs.stream().mapToInt(Integer::intValue).toArray();
  }

  Chipset chipset() {
    return chipset;
  }

  void resume() {
    tellOfPause();
    chipset.resume();
    gate.release();
  }

  /** A guest with kvmclock hears that it stood still, so that its watchdogs don't bark. */
  private void tellOfPause() {
    if (!ran) {
      return;
    }
    try {
      for (VcpuRunner runner : runners) {
        if (!runner.vcpu().kvmclockCtrl()) {
          return;
        }
      }
    } catch (KvmException e) {
      LOG.log(Level.WARNING, "the guest cannot be told that it was paused", e);
    }
  }

  /** The next {@link #resume} is not the guest's first. */
  void noteStop() {
    ran = true;
  }

  /** Asks the vCPUs to stop; does not wait for them. */
  void hold() {
    gate.hold();
    runners.forEach(VcpuRunner::kick);
  }

  /** Returns when no vCPU runs and no device works. */
  void pause() {
    chipset.releaseVcpus();
    gate.hold();
    gate.awaitStill(runners);
    if (console != null) {
      console.drain();
    }
    chipset.pause();
    noteStop();
  }

  long cpuNanos() {
    long total = 0;
    for (VcpuRunner runner : runners) {
      total += runner.cpuNanos();
    }
    return total;
  }

  void countInto(Map<String, Long> counters) {
    runners.forEach(runner -> runner.countInto(counters));
    chipset.countInto(counters);
  }

  @Override
  public void close() {
    chipset.releaseVcpus();
    gate.end();
    gate.awaitStill(runners);
    if (console != null) {
      console.close();
    }
    chipset.close();
    runners.forEach(runner -> runner.vcpu().close());
    vm.close();
  }
}
