package io.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One end of a private cable between two network devices of one process. A frame for which the
 * other guest has no room is dropped, as on a real cable.
 *
 * <p>Wiring: {@code a = new LinkEndpoint(); b = new LinkEndpoint(); LinkEndpoint.connect(a, netA,
 * b, netB)}, the devices having been made with their ends.
 */
public final class LinkEndpoint implements NetEndpoint {
  private volatile @Nullable VirtioNet peer;

  /** Joins two ends, each given with the device that it was made for. */
  public static void connect(
      LinkEndpoint first, VirtioNet firstDevice, LinkEndpoint second, VirtioNet secondDevice) {
    first.peer = secondDevice;
    second.peer = firstDevice;
  }

  @Override
  public Framing framing() {
    return Framing.LARGE;
  }

  @Override
  public boolean send(ByteBuffer frame) {
    VirtioNet other = peer;
    if (other != null) {
      other.receive(frame);
    }
    return true;
  }

  @Override
  public void room() {}
}
