package io.vivarium.desktop.check;

import io.vivarium.client.HostRoom;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmState;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.trash.EmptyTrash;
import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Sentences;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says when the library's file system is nearly full, and which VMs paused by themselves, such as
 * those that found it full; with the ways out. What was closed is not said again until it was well
 * in between. Lives on the interface thread.
 */
public final class RoomWatch {
  /** Beats of a second between two looks. */
  private static final int LOOK_BEATS = 10;

  private final Desk desk;
  private final Runnable showSpace;
  private final Map<String, Banner> paused = new HashMap<>();
  private @Nullable Banner little;
  private int beats;

  /**
   * @param showSpace leads to what takes space
   */
  public RoomWatch(Desk desk, Runnable showSpace) {
    this.desk = desk;
    this.showSpace = showSpace;
  }

  /** Called each second. */
  public void beat() {
    if (beats++ % LOOK_BEATS == 0) {
      look();
    }
    if (desk.vms().items().stream().anyMatch(RoomWatch::pausedItself) || !paused.isEmpty()) {
      showPaused();
    }
  }

  private void look() {
    desk.jobs().read(() -> desk.vivarium().room(), this::show, why -> {});
  }

  private void show(HostRoom room) {
    Banner shown = little;
    if (!room.little()) {
      if (shown != null) {
        desk.banners().remove(shown);
        little = null;
      }
      return;
    }
    if (shown == null) {
      Banner banner =
          ways(
              Banner.warning(
                  desk.texts().get("room.little", Format.bytes(room.freeBytes()), room.place()),
                  desk.texts().get("room.little.cure")));
      little = banner;
      desk.banners().add(banner);
    }
  }

  /** The ways to more room. */
  private Banner ways(Banner banner) {
    return banner
        .withStep(desk.texts().get("trash.empty"), () -> EmptyTrash.ask(desk, this::look))
        .withStep(desk.texts().get("room.show"), showSpace);
  }

  /** A VM that paused without being asked to says why. */
  private void showPaused() {
    Set<String> now = new HashSet<>();
    for (VmItem item : desk.vms().items()) {
      VmInfo info = item.info();
      String reason = info.reason();
      if (pausedItself(item) && reason != null) {
        now.add(info.name());
        paused.computeIfAbsent(info.name(), name -> say(name, reason));
      }
    }
    paused
        .entrySet()
        .removeIf(
            entry -> {
              boolean over = !now.contains(entry.getKey());
              if (over) {
                desk.banners().remove(entry.getValue());
              }
              return over;
            });
  }

  private static boolean pausedItself(VmItem item) {
    return item.state() == VmState.PAUSED && item.info().reason() != null;
  }

  private Banner say(String name, String reason) {
    Banner banner =
        ways(
            Banner.error(desk.texts().get("room.paused", name), Sentences.of(reason))
                .withStep(desk.texts().get("verb.resume"), () -> resume(name)));
    desk.banners().add(banner);
    return banner;
  }

  private void resume(String name) {
    desk.jobs()
        .run(
            desk.texts().get("job.resume", name),
            "viv resume " + name,
            progress -> desk.vivarium().resume(name),
            desk.vms()::refresh);
  }
}
