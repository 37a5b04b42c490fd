package io.vivarium.machine;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Guests of a few instructions, in 64-bit mode with 4 GiB mapped one to one, and their console. */
final class TinyGuest {
  /** {@code jmp .} */
  static final String SPIN = "ebfe";

  /** {@code cli; hlt; jmp .-1} */
  static final String HALT = "fa f4 ebfd";

  /** {@code mov dx, 0x3f8; mov al, value; out dx, al} */
  static String print(char value) {
    return "66baf803 b0%02x ee".formatted((int) value);
  }

  /** For each byte received at COM1, adds one to the counter at 2 MiB and sends it as a digit. */
  static final String COUNTER =
      "66bafd03 ec a801 74f7" // until LSR says that there is a byte
          + "66baf803 ec" // take it
          + "ff042500002000 8b042500002000" // count
          + "0430 ee ebdd"; // answer, again

  /**
   * Round after round writes the round's number to each of so many pages from 4 MiB on, in order,
   * and prints an r. So at each moment the numbers fall once, by one, or not at all.
   */
  static String rounds(int pages) {
    String count = HexFormat.of().formatHex(littleEndian(pages));
    return "48c7c700004000 48c7c1"
        + count // from 4 MiB on, so many
        + "49ffc7" // the next round
        + "4c893f 4881c700100000 48ffc9 75f1" // each page
        + "66baf803 b072 ee ebd7";
  }

  /**
   * Writes its address to each of so many pages from 4 MiB on, and prints r for ever. It looks at
   * the line status after each, as drivers do, so that the byte leaves KVM.
   */
  static String touched(int pages) {
    String count = HexFormat.of().formatHex(littleEndian(pages));
    return "48c7c700004000 48c7c1"
        + count
        + "48893f 4881c700100000 48ffc9 75f1" // each page
        + "66baf803 b072 ee 66bafd03 ec ebf2";
  }

  private static byte[] littleEndian(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  private static final int CODE_OFFSET = 0x1000;
  private static final long LOAD_ADDRESS = 0x100000;

  private TinyGuest() {}

  static void assumeKvm() {
    assumeTrue(
        Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")),
        "/dev/kvm is missing or not accessible: tests with a real guest are skipped");
  }

  /** Writes an ELF kernel of this code, hexadecimal with spaces, and describes its machine. */
  static MachineConfig config(Path folder, String code, int mebibytes, int cpus)
      throws IOException {
    byte[] program = HexFormat.of().parseHex(code.replace(" ", ""));
    byte[] bytes = new byte[CODE_OFFSET + program.length];
    ByteBuffer elf = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
    elf.putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
    elf.putLong(24, LOAD_ADDRESS).putLong(32, 64);
    elf.putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 1);
    elf.putInt(64, 1).putLong(72, CODE_OFFSET).putLong(88, LOAD_ADDRESS);
    elf.putLong(96, program.length).putLong(104, program.length);
    elf.put(CODE_OFFSET, program);
    Path kernel = Files.createTempFile(folder, "guest", ".elf");
    Files.write(kernel, bytes);
    return new MachineConfig(
        "tiny", (long) mebibytes << 20, cpus, kernel, null, "", true, DeviceConfig.NONE);
  }

  /** What a guest prints, and how it ends. */
  static final class Watch implements MachineExit.Listener, SerialPort.Listener {
    private final BlockingQueue<Character> printed = new LinkedBlockingQueue<>();
    private final BlockingQueue<MachineExit> exits = new LinkedBlockingQueue<>();

    @Override
    public void exited(MachineExit exit) {
      exits.add(exit);
    }

    @Override
    public void received(byte[] data, int offset, int length) {
      for (int i = 0; i < length; i++) {
        printed.add((char) (data[offset + i] & 0xff));
      }
    }

    char nextChar() throws InterruptedException {
      Character next = printed.poll(60, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("the guest printed nothing; it ended with " + exits);
      }
      return next;
    }

    MachineExit nextExit() throws InterruptedException {
      MachineExit next = exits.poll(60, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("the guest did not end");
      }
      return next;
    }
  }
}
