package io.vivarium.images.agent;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.random.RandomGenerator;

/** Encodes requests to the guest's agent; the package's documentation has the protocol. */
public final class AgentProtocol {
  /** The newest that a guest of ours speaks; {@code agentProtocol} in an image's manifest. */
  public static final int VERSION = AgentLine.STREAMS.version();

  /** Port of requests and standard output: serial, or the stream of that name. */
  public static final int STDOUT_PORT = 1;

  /** Port of standard error. */
  public static final int STDERR_PORT = 2;

  /** How the guest finds the streams among its virtio console's ports: port 1, and port 2. */
  public static final List<String> STREAMS = List.of("io.vivarium.agent.1", "io.vivarium.agent.2");

  /** Sent to {@link #STDOUT_PORT} of a terminal while a request runs: SIGINT to its processes. */
  static final byte INTERRUPT = 0x03;

  /** Likewise SIGQUIT, for what ignores the former. */
  static final byte QUIT = 0x1c;

  /** Most bytes of a request, so that it fits the guest's buffers. */
  public static final int MAX_REQUEST_BYTES = 32 * 1024;

  /** Starts READY and the markers; see the package's documentation. */
  static final byte MARK = 0x1e;

  /** Below the guest's line length of 4,095 with room for a word's longest escape. */
  private static final int LINE_BYTES = 4_000;

  private static final String NONCE_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
  private static final int NONCE_LENGTH = 6;
  private static final String PLAIN =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,+@%";

  private AgentProtocol() {}

  /** A nonce for one request. */
  public static String newNonce(RandomGenerator random) {
    StringBuilder nonce = new StringBuilder(NONCE_LENGTH);
    for (int i = 0; i < NONCE_LENGTH; i++) {
      nonce.append(NONCE_ALPHABET.charAt(random.nextInt(NONCE_ALPHABET.length())));
    }
    return nonce.toString();
  }

  /**
   * The bytes of a request, to be sent to {@link #STDOUT_PORT} in order.
   *
   * @param argv program and arguments, passed on without a shell's interpretation
   * @throws IllegalArgumentException with a sentence for the user: no program, a NUL in a word, or
   *     more than {@link #MAX_REQUEST_BYTES} bytes
   */
  public static byte[] request(String nonce, List<String> argv) {
    if (argv.isEmpty() || argv.get(0).isEmpty()) {
      throw new IllegalArgumentException("There is no command to run.");
    }
    LineWriter out = new LineWriter();
    out.add("x ".getBytes(StandardCharsets.US_ASCII));
    out.add(nonce.getBytes(StandardCharsets.US_ASCII));
    for (String word : argv) {
      if (word.indexOf('\0') >= 0) {
        throw new IllegalArgumentException("A command's argument cannot contain a NUL character.");
      }
      out.add(new byte[] {' '});
      quote(word.getBytes(StandardCharsets.UTF_8), out);
    }
    out.add(new byte[] {'\n'});
    if (out.size() > MAX_REQUEST_BYTES) {
      throw new IllegalArgumentException(
          "The command is "
              + out.size()
              + " bytes long, and at most "
              + MAX_REQUEST_BYTES
              + " can be sent to the guest.");
    }
    return out.toByteArray();
  }

  /** The command that sets the guest's clock, to the second. */
  public static List<String> setTime(Instant time) {
    return List.of("date", "-u", "-s", "@" + time.getEpochSecond());
  }

  /** The command that tells the console how large the user's terminal is. */
  public static List<String> setWindowSize(int rows, int columns) {
    return List.of(
        "stty", "-F", "/dev/ttyS0", "rows", Integer.toString(rows), "cols", "" + columns);
  }

  /** The command that names the guest. */
  public static List<String> setHostname(String name) {
    return List.of("hostname", name);
  }

  /**
   * Gives each Ethernet interface the address that is this script's name, and asks for an IP
   * address anew. Linux reads the address of a virtio interface only when its driver starts, so a
   * guest that goes on from a snapshot has to be told; the driver takes it while the link is up.
   */
  private static final String SET_MAC =
      "s=1; for i in /sys/class/net/e*; do i=${i##*/}; ip link set dev $i address $0 && s=0;"
          + " killall -USR1 udhcpc || networkctl renew $i; done 2>/dev/null; exit $s";

  /** The command that gives the guest another MAC, as {@code 52:54:00:12:34:56}. */
  public static List<String> setMac(String mac) {
    return List.of("sh", "-c", SET_MAC, mac);
  }

  /** The command that writes the guest's caches to its disks. */
  public static List<String> sync() {
    return List.of("sync");
  }

  /** Quotes one word for a POSIX shell, piece by piece, each safe to break a line after. */
  private static void quote(byte[] word, LineWriter out) {
    if (word.length == 0) {
      out.add(new byte[] {'\'', '\''});
      return;
    }
    boolean plain = plain(word);
    int start = 0;
    while (start < word.length) {
      Style style = plain ? Style.PLAIN : style(word[start]);
      int end = start + 1;
      while (end < word.length
          && end - start < Style.PIECE
          && (plain || style(word[end]) == style)) {
        end++;
      }
      out.add(style.quote(word, start, end));
      start = end;
    }
  }

  private static boolean plain(byte[] word) {
    for (byte b : word) {
      if (b <= 0 || PLAIN.indexOf(b) < 0) {
        return false;
      }
    }
    return true;
  }

  private static Style style(byte b) {
    if (b == '\'') {
      return Style.APOSTROPHE;
    }
    if (b >= 0 && (b < ' ' || b == 0x7f)) {
      return Style.CONTROL;
    }
    return Style.QUOTED;
  }

  /** How a run of bytes is written. */
  private enum Style {
    PLAIN,
    QUOTED,
    APOSTROPHE,
    CONTROL;

    /** Most bytes of a run, so that a piece stays far below a line. */
    static final int PIECE = 256;

    byte[] quote(byte[] word, int start, int end) {
      ByteArrayOutputStream piece = new ByteArrayOutputStream();
      switch (this) {
        case PLAIN -> piece.write(word, start, end - start);
        case QUOTED -> {
          piece.write('\'');
          piece.write(word, start, end - start);
          piece.write('\'');
        }
        case APOSTROPHE -> {
          for (int i = start; i < end; i++) {
            piece.write('\\');
            piece.write('\'');
          }
        }
        case CONTROL -> {
          piece.writeBytes("$'".getBytes(StandardCharsets.US_ASCII));
          for (int i = start; i < end; i++) {
            piece.writeBytes("\\%03o".formatted(word[i]).getBytes(StandardCharsets.US_ASCII));
          }
          piece.write('\'');
        }
      }
      return piece.toByteArray();
    }
  }

  /** Joins pieces, and continues on a new line before one grows too long. */
  private static final class LineWriter {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int column;

    void add(byte[] piece) {
      if (column + piece.length > LINE_BYTES) {
        bytes.write('\\');
        bytes.write('\n');
        column = 0;
      }
      bytes.writeBytes(piece);
      column += piece.length;
    }

    int size() {
      return bytes.size();
    }

    byte[] toByteArray() {
      return bytes.toByteArray();
    }
  }
}
