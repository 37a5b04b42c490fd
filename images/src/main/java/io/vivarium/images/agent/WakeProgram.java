package io.vivarium.images.agent;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;

/**
 * What a guest is told when it wakes up from a snapshot: the time, and where another guest may have
 * woken up from the same snapshot, who it is and random bytes of its own. It is told over serial
 * port 3 (ttyS3, COM4), where a program of 412 bytes waits: some system calls, and it need not
 * catch up with the clock second by second.
 *
 * <p>The program says {@code 0x1E "CLOCK 2\n"} when it begins, and again after each line {@code
 * SECONDS " " NANOSECONDS "\n"} by which it set the clock. A line {@code "h" NAME "\n"} names the
 * guest, sethostname(2); one {@code "e" BYTES "\n"} goes into the kernel's random numbers, which
 * are then seeded anew (random(4), RNDRESEEDCRNG). It passes over any other line.
 */
public final class WakeProgram {
  /** The serial port that the program listens on. */
  public static final int PORT = 3;

  private static final long BASE = 0x40_0000;
  private static final int HEADERS = 120;

  /** ioctl(0, TCSETS, termios); write(1, said); then reads lines and does what they say. */
  private static final String CODE =
      """
      b810000000         mov  eax, 0x10            ; ioctl(0, TCSETS, termios)
      31ff               xor  edi, edi
      be02540000         mov  esi, 0x5402
      ba78014000         mov  edx, termios
      0f05               syscall
      b801000000         mov  eax, 0x1             ; answer: write(1, said, 9)
      89c7               mov  edi, eax
      be60014000         mov  esi, said
      ba09000000         mov  edx, 0x9
      0f05               syscall
      31c0               xor  eax, eax             ; next: read(0, rsp - 256, 128)
      31ff               xor  edi, edi
      488db42400ffffff   lea  rsi, [rsp-0x100]
      ba80000000         mov  edx, 0x80
      0f05               syscall
      85c0               test eax, eax
      0f8e9e000000       jle  leave
      488d3c06           lea  rdi, [rsi+rax*1]
      803e68             cmp  byte [rsi], 0x68
      7448               je   host
      803e65             cmp  byte [rsi], 0x65
      7453               je   mix
      31db               xor  ebx, ebx             ; seconds
      31d2               xor  edx, edx             ; the number so far
      4839fe             cmp  rsi, rdi             ; digit:
      73ce               jae  next
      0fb606             movzx eax, byte [rsi]
      48ffc6             inc  rsi
      3c20               cmp  al, 0x20
      7413               je   space
      3c0a               cmp  al, 0xa
      7416               je   set
      2c30               sub  al, 0x30
      3c09               cmp  al, 0x9
      77ba               ja   next
      486bd20a           imul rdx, rdx, 0xa
      4801c2             add  rdx, rax
      ebde               jmp  digit
      4889d3             mov  rbx, rdx             ; space:
      31d2               xor  edx, edx
      ebd7               jmp  digit
      52                 push rdx                  ; set: clock_settime(CLOCK_REALTIME, rsp)
      53                 push rbx
      b8e3000000         mov  eax, 0xe3
      31ff               xor  edi, edi
      4889e6             mov  rsi, rsp
      0f05               syscall
      5b                 pop  rbx
      5a                 pop  rdx
      85c0               test eax, eax
      7483               je   answer
      eb94               jmp  next
      488d7e01           lea  rdi, [rsi+0x1]       ; host: sethostname(line + 1, length - 2)
      8d70fe             lea  esi, [rax-0x2]
      b8aa000000         mov  eax, 0xaa
      0f05               syscall
      eb84               jmp  next
      4989f0             mov  r8, rsi              ; mix: open("/dev/urandom", O_RDWR)
      4189c1             mov  r9d, eax
      b802000000         mov  eax, 0x2
      bf69014000         mov  edi, random
      89c6               mov  esi, eax
      0f05               syscall
      89c7               mov  edi, eax
      b801000000         mov  eax, 0x1             ; write(random, line, length)
      4c89c6             mov  rsi, r8
      4489ca             mov  edx, r9d
      0f05               syscall
      b810000000         mov  eax, 0x10            ; ioctl(random, RNDRESEEDCRNG)
      be07520000         mov  esi, 0x5207
      31d2               xor  edx, edx
      0f05               syscall
      b803000000         mov  eax, 0x3             ; close(random)
      0f05               syscall
      e947ffffff         jmp  next
      b83c000000         mov  eax, 0x3c            ; leave: exit(0)
      31ff               xor  edi, edi
      0f05               syscall
      1e434c4f434b20320a                           ; said: 0x1E "CLOCK 2" LF
      2f6465762f7572616e646f6d00  ; random: "/dev/urandom", NUL
      0000                     ; (aligns)
      0000000000000000b218000002000000     ; termios: B115200 CS8 CREAD CLOCAL, ICANON
      0000000000000000000000000000000000000000
      """;

  private WakeProgram() {}

  /** The line that sets the clock to {@code time}. */
  public static byte[] line(Instant time) {
    return (time.getEpochSecond() + " " + time.getNano() + "\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** The line that names the guest. */
  public static byte[] nameLine(String name) {
    return ("h" + name + "\n").getBytes(StandardCharsets.US_ASCII);
  }

  /** The line that makes the guest's random numbers others than those of its twins. */
  public static byte[] randomLine(byte[] random) {
    return ("e" + HexFormat.of().formatHex(random) + "\n").getBytes(StandardCharsets.US_ASCII);
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
