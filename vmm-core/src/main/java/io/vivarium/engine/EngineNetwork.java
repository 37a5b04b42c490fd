package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import io.vivarium.client.VmSpec.PortSpec;
import io.vivarium.engine.protocol.SocketPaths;
import io.vivarium.library.Home;
import io.vivarium.library.MachineFolder;
import io.vivarium.machine.DeviceConfig.NetworkConfig;
import io.vivarium.machine.NetworkBackend;
import io.vivarium.machine.VirtualMachine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a VM's network interface leads to. With the network "user" a thread keeps a passt at the
 * other end of the cable: it starts one, plugs it in, and takes the next when that one dies, or
 * when other ports shall be published. The guest sees its cable go out and in again.
 */
final class EngineNetwork implements AutoCloseable {
  /** In a network of its own every guest may have the same; a restored one keeps it. */
  private static final String USER_MAC = "52:54:00:76:69:76";

  private static final String TAP = "tap:";
  private static final int PASST_MTU = 65520;
  private static final int ETHERNET_MTU = 1500;
  private static final long RETRY_MILLIS = 1000;
  private static final long LONGEST_RETRY_MILLIS = 30_000;

  /** A passt that takes longer to begin says why; see {@link Passt#start}. */
  private static final long LONGEST_PUBLISH_MILLIS = 15_000;

  private static final long PLUG_MILLIS = 5;
  private static final long LONGEST_PLUG_MILLIS = 3000;

  private final VmSpec spec;
  private final Path links;
  private final Path socket;
  private final Path log;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable VirtualMachine machine;
  private @Nullable Passt passt;
  private @Nullable Thread thread;
  private @Nullable Runnable whenPlugged;
  private List<PortSpec> ports;
  private boolean tapFollows;

  /**
   * How often other ports were wanted, and which of these was the last to be plugged in or failed.
   */
  private int wanted;

  private int served = -1;
  private volatile @Nullable String trouble;

  EngineNetwork(Home home, MachineFolder folder, VmSpec spec) {
    this.spec = spec;
    this.links = home.root().resolve("links");
    this.socket = folder.run().resolve("net.sock");
    this.log = folder.engineLog();
    this.ports = spec.ports();
  }

  private boolean user() {
    return spec.network().equals("user");
  }

  /** Refuses what cannot be had, before the machine is made. */
  void check(List<PortSpec> alreadyOurs) throws VivariumException {
    if (user()) {
      Passt.find();
      HostPorts.check(ports.stream().filter(port -> !alreadyOurs.contains(port)).toList());
    }
  }

  /**
   * For the machine.
   *
   * @param follows another machine of the VM's, which has the interface until then
   */
  List<NetworkConfig> config(boolean follows) throws IOException {
    String network = spec.network();
    if (network.equals("none")) {
      return List.of();
    }
    if (user()) {
      String mac = spec.mac() == null ? USER_MAC : spec.mac();
      return List.of(new NetworkConfig(mac, PASST_MTU, new NetworkBackend.Unplugged(), null));
    }
    NetworkBackend backend;
    if (network.startsWith(TAP)) {
      backend = follows ? new NetworkBackend.AwaitsTap() : tap();
      tapFollows = follows;
    } else {
      Files.createDirectories(links);
      backend =
          new NetworkBackend.Cable(
              SocketPaths.place(links.resolve(network.substring("link:".length()) + ".sock")));
    }
    String mac = spec.mac() == null ? ownMac() : spec.mac();
    return List.of(new NetworkConfig(mac, ETHERNET_MTU, backend, null));
  }

  private NetworkBackend tap() {
    return new NetworkBackend.Tap(spec.network().substring(TAP.length()));
  }

  /** Locally the VM's own: of its name. */
  private String ownMac() {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(spec.name().getBytes(StandardCharsets.UTF_8));
      return "52:54:00:%02x:%02x:%02x".formatted(hash[0], hash[1], hash[2]);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Why the guest has no network now, or null. */
  @Nullable String trouble() {
    return trouble;
  }

  List<PortSpec> ports() {
    lock.lock();
    try {
      return ports;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Does something as soon as the cable is in, once: at once where it is never out.
   *
   * @param then must not take long
   */
  void whenPlugged(Runnable then) {
    lock.lock();
    try {
      if (user() && passt == null) {
        whenPlugged = then;
        return;
      }
    } finally {
      lock.unlock();
    }
    then.run();
  }

  /** Plugs the other end into a new machine. */
  void connect(VirtualMachine next) {
    if (tapFollows) {
      plugTap(next);
    }
    if (!user()) {
      return;
    }
    lock.lock();
    try {
      machine = next;
      changed.signalAll();
      if (thread == null) {
        thread = Thread.ofPlatform().daemon().name("network").start(this::keep);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The machine before it has let go of the interface. */
  private void plugTap(VirtualMachine next) {
    try {
      next.devices().plug(0, tap());
    } catch (IOException e) {
      say(wanted, "the network could not be plugged in: " + e.getMessage());
    }
  }

  /** Pulls it out, before the machine is closed; its ports are free when this returns. */
  void disconnect() {
    Passt old;
    lock.lock();
    try {
      machine = null;
      whenPlugged = null;
      old = passt;
      passt = null;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (old != null) {
      old.close();
    }
  }

  /**
   * Publishes other ports: a new passt takes over at once, and serves them when this returns. Those
   * of before stay when it throws.
   */
  void publish(List<PortSpec> next) throws VivariumException {
    List<PortSpec> now = ports();
    HostPorts.check(
        next.stream()
            .filter(port -> now.stream().noneMatch(old -> sameHostPort(port, old)))
            .toList());
    String why = serve(next);
    if (why != null) {
      serve(now);
      throw new VivariumException(
          Kind.HOST,
          "the ports of VM '" + spec.name() + "' stay as they were: " + why,
          "Choose other ports, or see what passt said in " + log);
    }
  }

  /** Has these served instead, and returns once they are, or says why they are not. */
  private @Nullable String serve(List<PortSpec> next) {
    Passt old;
    int mine;
    lock.lock();
    try {
      ports = List.copyOf(next);
      old = passt;
      mine = ++wanted;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (old != null) {
      old.close();
    }
    lock.lock();
    try {
      long nanos = TimeUnit.MILLISECONDS.toNanos(LONGEST_PUBLISH_MILLIS);
      while (machine != null && served < mine && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
      if (machine == null) {
        return null; // they are served when it runs again
      }
      return served < mine ? "passt has not begun" : trouble;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } finally {
      lock.unlock();
    }
  }

  private static boolean sameHostPort(PortSpec one, PortSpec other) {
    return one.hostPort() == other.hostPort() && one.protocol().equals(other.protocol());
  }

  /** The thread's life: until there is no machine any more. */
  private void keep() {
    long pause = RETRY_MILLIS;
    try {
      while (true) {
        VirtualMachine plugged = next();
        if (plugged == null) {
          return;
        }
        long began = System.nanoTime();
        run(plugged);
        boolean shortLived = System.nanoTime() - began < TimeUnit.SECONDS.toNanos(1);
        pause = shortLived ? Math.min(2 * pause, LONGEST_RETRY_MILLIS) : RETRY_MILLIS;
        if (trouble != null) {
          rest(plugged, pause);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The machine that wants a network, or null when there is none: the thread ends then. */
  private @Nullable VirtualMachine next() {
    lock.lock();
    try {
      if (machine == null) {
        thread = null;
      }
      return machine;
    } finally {
      lock.unlock();
    }
  }

  private void rest(VirtualMachine plugged, long millis) throws InterruptedException {
    lock.lock();
    try {
      long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
      while (plugged.equals(machine) && served == wanted && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** One passt's life. */
  private void run(VirtualMachine plugged) throws InterruptedException {
    Passt started = null;
    int mine;
    List<PortSpec> published;
    lock.lock();
    try {
      mine = wanted;
      published = ports;
    } finally {
      lock.unlock();
    }
    try {
      started = Passt.start(socket, GuestAddress.of(spec.mac()), published);
      if (!take(plugged, started, mine)) {
        return;
      }
      plug(plugged, started);
      say(mine, null);
      runWhenPlugged();
      started.await();
      EngineLog.say("passt has ended");
    } catch (VivariumException e) {
      say(mine, e.getMessage());
    } catch (IOException | RuntimeException e) {
      say(mine, "the network could not be plugged in: " + e.getMessage());
    } finally {
      if (started != null) {
        started.close();
      }
    }
  }

  private void runWhenPlugged() {
    Runnable then;
    lock.lock();
    try {
      then = whenPlugged;
      whenPlugged = null;
    } finally {
      lock.unlock();
    }
    if (then != null) {
      then.run();
    }
  }

  /** A passt whose socket is there may need another moment until it listens on it. */
  private static void plug(VirtualMachine into, Passt passt)
      throws IOException, InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LONGEST_PLUG_MILLIS);
    while (true) {
      try {
        into.devices().plug(0, new NetworkBackend.Stream(passt.socket()));
        return;
      } catch (IOException e) {
        if (System.nanoTime() > until || passt.endedWithin(PLUG_MILLIS)) {
          throw e;
        }
      }
    }
  }

  /** Whether it is still what is wanted; whoever wants another one from now on closes it. */
  private boolean take(VirtualMachine plugged, Passt started, int mine) {
    lock.lock();
    try {
      if (!plugged.equals(machine) || mine != wanted) {
        return false;
      }
      passt = started;
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void say(int mine, @Nullable String why) {
    lock.lock();
    try {
      if (why != null && !why.equals(trouble)) {
        EngineLog.say(why);
      }
      trouble = why;
      served = mine;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    disconnect();
    SocketPaths.remove(socket);
  }
}
