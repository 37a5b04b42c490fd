package io.vivarium.assist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vivarium.kvm.Kvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A guest's ring 0 with the instructions that an interpreting KVM lacks, and with the exceptions
 * that they raise: it comes to the same end on every host, on an ordinary one without any assist.
 */
@Tag("kvm")
class RingZeroGuestTest {
  private static final long HANDLERS = 0x7000;
  private static final long UNMAPPED = 0x40_0000;

  @Test
  void ringZeroDoesWhatTheProcessorWould() throws Exception {
    assumeTrue(Files.isWritable(Path.of(Kvm.DEVICE)), "needs a writable " + Kvm.DEVICE);
    assumeTrue(
        Files.readString(Path.of("/proc/cpuinfo")).contains(" smap "),
        "this processor has no SMAP, hence no STAC");
    try (Kvm kvm = Kvm.open();
        NativeGuest guest = new NativeGuest(kvm, 0)) {
      // Page fault: note address and error code, take the good address, and try again.
      gate(guest, GuestFault.PAGE, HANDLERS, "410f20d2 415b 4d89e1 48cf");
      // Breakpoint: count it.
      gate(guest, GuestFault.BREAKPOINT, HANDLERS + 0x100, "49ffc0 48cf");
      String program =
          "0f01cb 9c 5b" // stac; pushfq; pop rbx
              + "0f01ca 9c 5a" // clac; pushfq; pop rdx
              + "f3480fb8ff" // popcnt rdi, rdi
              + "cc cc" // int3, twice
              + "9b" // fwait
              + "480fae01" // fxsave64 [rcx]
              + "490fae21"; // xsave64 [r9]
      FakeCpu cpu = new FakeCpu(guest.vcpu().xsaveSize());
      cpu.registers[CpuState.RAX] = 3;
      cpu.registers[CpuState.RCX] = NativeGuest.DATA;
      cpu.registers[CpuState.RSP] = NativeGuest.DATA_END;
      cpu.registers[7] = 0xf0f0_0000_0000_0001L;
      cpu.registers[9] = UNMAPPED;
      cpu.registers[12] = NativeGuest.DATA + 0x1000;

      guest.execute(HexFormat.of().parseHex(program.replace(" ", "")), cpu);

      assertThat(cpu.registers[CpuState.RBX] & CpuState.FLAG_AC).isNotZero();
      assertThat(cpu.registers[CpuState.RDX] & CpuState.FLAG_AC).isZero();
      assertThat(cpu.registers[7]).isEqualTo(9);
      assertThat(cpu.registers[8]).isEqualTo(2);
      assertThat(cpu.registers[10]).isEqualTo(UNMAPPED);
      assertThat(cpu.registers[11]).isEqualTo(PageWalk.ERROR_WRITE);
      assertThat(guest.memory().getU16(NativeGuest.DATA)).isEqualTo(XsaveOps.FCW_INITIAL);
      assertThat(guest.memory().getU16(NativeGuest.DATA + 0x1000)).isEqualTo(XsaveOps.FCW_INITIAL);
    }
  }

  private static void gate(NativeGuest guest, int vector, long handler, String code) {
    guest.memory().write(handler, HexFormat.of().parseHex(code.replace(" ", "")));
    long low = (handler & 0xffff) | (long) NativeGuest.RING0_CODE_SELECTOR << 16 | 0x8eL << 40;
    guest.memory().setU64(NativeGuest.IDT + vector * 16L, low);
    guest.memory().setU64(NativeGuest.IDT + vector * 16L + 8, 0);
  }
}
