package io.vivarium.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A virtual network card of the host whose cable ends in this process: {@code /dev/net/tun} with
 * IFF_TAP, IFF_NO_PI and IFF_VNET_HDR. Each read or write is one frame, a virtio network header
 * before it.
 */
public final class Tap implements AutoCloseable {
  public static final int TUN_F_CSUM = 1;
  public static final int TUN_F_TSO4 = 2;
  public static final int TUN_F_TSO6 = 4;
  public static final int TUN_F_TSO_ECN = 8;
  public static final int TUN_F_UFO = 0x10;

  static final long TUNSETIFF = 0x400454caL;
  static final long TUNSETOFFLOAD = 0x400454d0L;
  static final long TUNSETVNETHDRSZ = 0x400454d8L;

  private static final String DEVICE = "/dev/net/tun";
  private static final int IFNAMSIZ = 16;
  private static final int IFREQ_SIZE = 40;
  private static final short IFF_TAP = 2;
  private static final short IFF_NO_PI = 0x1000;
  private static final short IFF_VNET_HDR = 0x4000;

  /** {@code struct virtio_net_hdr_v1}: with the number of merged buffers. */
  private static final int HEADER_SIZE = 12;

  private final Fd fd;
  private final String name;

  private Tap(Fd fd, String name) {
    this.fd = fd;
    this.name = name;
  }

  /**
   * Makes a tap device or attaches to one that stands.
   *
   * @param name of the interface, at most 15 bytes; "tap%d" lets the kernel number it
   * @throws ErrnoException EPERM for a new device without CAP_NET_ADMIN, EBUSY for one in use
   */
  public static Tap open(String name) throws ErrnoException {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length == 0 || bytes.length >= IFNAMSIZ) {
      throw new IllegalArgumentException(
          "an interface's name has 1 to 15 bytes: '%s'".formatted(name));
    }
    Fd fd;
    try {
      fd = Fd.open(DEVICE, Fd.O_RDWR | Fd.O_NONBLOCK, 0);
    } catch (ErrnoException e) {
      throw new ErrnoException(e.call(), e.errno(), "Load the driver: 'sudo modprobe tun'");
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(IFREQ_SIZE, 8);
      MemorySegment.copy(bytes, 0, request, ValueLayout.JAVA_BYTE, 0, bytes.length);
      request.set(ValueLayout.JAVA_SHORT, IFNAMSIZ, (short) (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR));
      ioctl(fd, "TUNSETIFF " + name, TUNSETIFF, request.address());
      ioctl(fd, "TUNSETVNETHDRSZ", TUNSETVNETHDRSZ, intAt(arena, HEADER_SIZE));
      return new Tap(fd, request.getString(0));
    } catch (ErrnoException e) {
      fd.close();
      throw e;
    }
  }

  private static long intAt(Arena arena, int value) {
    return arena.allocateFrom(ValueLayout.JAVA_INT, value).address();
  }

  private static void ioctl(Fd fd, String call, long request, long argument) throws ErrnoException {
    if (LibC.ioctl(fd.number(), request, argument) < 0) {
      int errno = LibC.errno();
      throw new ErrnoException(call, errno, hint(errno));
    }
  }

  private static @Nullable String hint(int errno) {
    return switch (errno) {
      case Errno.EPERM ->
          "Making a tap device needs root: let root make one that is yours with"
              + " 'sudo ip tuntap add dev NAME mode tap user $USER vnet_hdr'";
      case Errno.EBUSY -> "Another program uses that interface";
      case Errno.EINVAL -> "That interface stands already and is of another kind";
      default -> null;
    };
  }

  /** Non-blocking. Its frames begin with a virtio network header of 12 bytes. */
  public Fd fd() {
    return fd;
  }

  /** The interface's name as the kernel gave it. */
  public String name() {
    return name;
  }

  /** What this side takes unfinished: TUN_F_* (sums left out, segments too large for a wire). */
  public void setOffload(int features) throws ErrnoException {
    ioctl(fd, "TUNSETOFFLOAD", TUNSETOFFLOAD, features);
  }

  @Override
  public void close() {
    fd.close();
  }
}
