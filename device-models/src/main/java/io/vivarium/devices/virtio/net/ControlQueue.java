package io.vivarium.devices.virtio.net;

import io.vivarium.devices.virtio.DescriptorChain;
import io.vivarium.devices.virtio.GuestBuffer;
import io.vivarium.devices.virtio.GuestFaultException;

/**
 * Commands of the control queue (virtio 1.2, 5.1.6.5). The device passes all frames on, so filters
 * are accepted and change nothing.
 */
final class ControlQueue {
  private static final int RX = 0;
  private static final int MAC = 1;
  private static final int MAC_TABLE_SET = 0;
  private static final int MAC_ADDR_SET = 1;
  private static final int ANNOUNCE = 3;
  private static final int OK = 0;
  private static final int ERROR = 1;

  private final VirtioNet device;

  ControlQueue(VirtioNet device) {
    this.device = device;
  }

  /** Returns the bytes written. */
  long process(DescriptorChain chain) throws GuestFaultException {
    GuestBuffer in = chain.readable();
    GuestBuffer ack = chain.writable();
    if (in.remaining() < 2 || ack.remaining() < 1) {
      throw new GuestFaultException("a control command without class, command or answer");
    }
    int type = in.getU8();
    int command = in.getU8();
    ack.putU8(execute(type, command, in) ? OK : ERROR);
    return 1;
  }

  private boolean execute(int type, int command, GuestBuffer data) throws GuestFaultException {
    return switch (type) {
      case RX -> command <= 5 && data.remaining() == 1;
      case MAC -> address(command, data);
      case ANNOUNCE -> {
        device.announced();
        yield command == 0;
      }
      default -> false;
    };
  }

  private boolean address(int command, GuestBuffer data) throws GuestFaultException {
    if (command == MAC_ADDR_SET && data.remaining() == 6) {
      byte[] address = new byte[6];
      data.get(address);
      device.setMac(address);
      return true;
    }
    return command == MAC_TABLE_SET;
  }
}
