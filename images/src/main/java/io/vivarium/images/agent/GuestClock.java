package io.vivarium.images.agent;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;

/**
 * The guest's clock, set from the host over serial port 3 (ttyS3, COM4) by a program of 304 bytes
 * that waits there: a restored guest is told the time within some system calls, and need not catch
 * up with it second by second.
 *
 * <p>The program says {@code 0x1E "CLOCK 1\n"} when it begins, and again after each line {@code
 * SECONDS " " NANOSECONDS "\n"} by which it set the clock. It passes over any other line.
 */
public final class GuestClock {
  /** The serial port that the program listens on. */
  public static final int PORT = 3;

  private static final long BASE = 0x40_0000;
  private static final int HEADERS = 120;

  /** ioctl(0, TCSETS, termios); write(1, said); then reads lines and sets the clock. */
  private static final String CODE =
      """
      b810000000     mov  eax, 16          ; ioctl(0, TCSETS, termios)
      31ff           xor  edi, edi
      be02540000     mov  esi, 0x5402
      ba0c014000     mov  edx, termios
      0f05           syscall
      b801000000     mov  eax, 1           ; answer: write(1, said, 9)
      89c7           mov  edi, eax
      be02014000     mov  esi, said
      ba09000000     mov  edx, 9
      0f05           syscall
      31c0           xor  eax, eax         ; next: read(0, rsp - 128, 64)
      31ff           xor  edi, edi
      488d742480     lea  rsi, [rsp-128]
      ba40000000     mov  edx, 64
      0f05           syscall
      85c0           test eax, eax
      7e47           jle  leave
      488d3c06       lea  rdi, [rsi+rax]
      31db           xor  ebx, ebx         ; seconds
      31d2           xor  edx, edx         ; the number so far
      4839fe         cmp  rsi, rdi         ; digit:
      73df           jae  next
      0fb606         movzx eax, byte [rsi]
      48ffc6         inc  rsi
      3c20           cmp  al, ' '
      7413           je   space
      3c0a           cmp  al, 10
      7416           je   set
      2c30           sub  al, '0'
      3c09           cmp  al, 9
      77cb           ja   next
      486bd20a       imul rdx, rdx, 10
      4801c2         add  rdx, rax
      ebde           jmp  digit
      4889d3         mov  rbx, rdx         ; space:
      31d2           xor  edx, edx
      ebd7           jmp  digit
      52             push rdx              ; set: clock_settime(CLOCK_REALTIME, rsp)
      53             push rbx
      b8e3000000     mov  eax, 227
      31ff           xor  edi, edi
      4889e6         mov  rsi, rsp
      0f05           syscall
      5b             pop  rbx
      5a             pop  rdx
      85c0           test eax, eax
      7494           jz   answer
      eba5           jmp  next
      b83c000000     mov  eax, 60          ; leave: exit(0)
      31ff           xor  edi, edi
      0f05           syscall
      1e434c4f434b20310a                   ; said: 0x1E "CLOCK 1" LF
      00                                   ; (aligns)
      0000000000000000b218000002000000     ; termios: B115200 CS8 CREAD CLOCAL, ICANON
      0000000000000000000000000000000000000000
      """;

  private GuestClock() {}

  /** The line that sets the clock to {@code time}. */
  public static byte[] line(Instant time) {
    return (time.getEpochSecond() + " " + time.getNano() + "\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** Hears the program on port {@link #PORT}; a new one for each answer that is waited for. */
  public static ReadyScanner scanner() {
    return new ReadyScanner("CLOCK");
  }

  /** The program, an ELF file of one segment for x86-64 (System V ABI, chapter 4 and 5). */
  public static byte[] program() {
    byte[] code = code();
    int size = HEADERS + code.length;
    ByteBuffer elf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
    elf.putShort((short) 2).putShort((short) 62).putInt(1); // ET_EXEC, EM_X86_64, EV_CURRENT
    elf.putLong(BASE + HEADERS).putLong(64).putLong(0).putInt(0); // entry, e_phoff, e_shoff
    elf.putShort((short) 64).putShort((short) 56).putShort((short) 1).position(64);
    elf.putInt(1).putInt(5).putLong(0).putLong(BASE).putLong(BASE); // PT_LOAD, read and execute
    elf.putLong(size).putLong(size).putLong(0x1000);
    return elf.put(code).array();
  }

  private static byte[] code() {
    StringBuilder hex = new StringBuilder();
    CODE.lines().forEach(line -> hex.append(line, 0, (line + " ").indexOf(' ')));
    return HexFormat.of().parseHex(hex);
  }
}
