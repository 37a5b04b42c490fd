package io.vivarium.machine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** A program of a few system calls for a guest whose userland lacks one (x86-64, System V ABI). */
final class GuestProgram {
  private static final long BASE = 0x40_0000;
  private static final int HEADERS = 120;
  private static final int PIECE = 64;

  /**
   * Connects to port 1234 of the host's context id over AF_VSOCK and sends back all that it
   * receives: socket(40, 1, 0), connect, then read and write until the end; exit(0), or 1 after a
   * failure.
   */
  static final GuestProgram VSOCK_ECHO =
      new GuestProgram(
          """
          b829000000 bf28000000 be01000000 31d2 0f05 89c3
          89c7 488d3555000000 ba10000000 b82a000000 0f05 85c0 7539
          31c0 89df 488db42400efffff ba00100000 0f05 85c0 7e1e 89c2 4989f4
          b801000000 89df 4c89e6 0f05 85c0 7e0d 4901c4 29c2 75e9 ebcb
          31ff eb05 bf01000000 b83c000000 0f05
          2800 0000 d2040000 02000000 00000000
          """);

  private final byte[] code;

  private GuestProgram(String hex) {
    code = HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
  }

  /**
   * Shell commands that write the program to a new file, each short enough for busybox's editor.
   */
  List<String> install(String path) {
    int size = HEADERS + code.length;
    ByteBuffer elf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
    elf.putShort((short) 2).putShort((short) 62).putInt(1); // ET_EXEC, EM_X86_64, EV_CURRENT
    elf.putLong(BASE + HEADERS).putLong(64).putLong(0).putInt(0); // entry, e_phoff, e_shoff
    elf.putShort((short) 64).putShort((short) 56).putShort((short) 1).position(64);
    elf.putInt(1).putInt(5).putLong(0).putLong(BASE).putLong(BASE); // PT_LOAD, read and execute
    elf.putLong(size).putLong(size).putLong(0x1000).put(code);
    List<String> commands = new ArrayList<>();
    for (int at = 0; at < size; at += PIECE) {
      StringBuilder command = new StringBuilder("printf '");
      for (int i = at; i < Math.min(size, at + PIECE); i++) {
        command.append('\\').append("%03o".formatted(elf.get(i) & 0xff));
      }
      commands.add(command + "' >>" + path);
    }
    commands.add("chmod +x " + path);
    return commands;
  }
}
