package io.vivarium.desktop.sleep;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import io.vivarium.client.VmState;
import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Sentences;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pauses the VMs that run before the host sleeps, and lets them go on afterwards, with a word about
 * it: so none is caught in the midst of a request to a disk or a network that wakes up later. Their
 * clocks are set by their engines. Called by one thread, not the interface's.
 */
public final class SleepPause {
  private final Desk desk;
  private final List<String> paused = new ArrayList<>();
  private @Nullable Banner said;

  public SleepPause(Desk desk) {
    this.desk = desk;
  }

  /** Before the host sleeps. */
  public void sleep() {
    try {
      for (VmInfo vm : desk.vivarium().list()) {
        if (vm.state() == VmState.RUNNING) {
          pause(vm.name());
        }
      }
    } catch (VivariumException e) {
      log(e);
    }
  }

  private void pause(String name) {
    try {
      desk.vivarium().pause(name);
      paused.add(name);
    } catch (VivariumException e) {
      log(e); // It sleeps as it is, as without us.
    }
  }

  /** After it woke up. */
  public void wake() {
    List<String> woken = new ArrayList<>();
    List<Banner> banners = new ArrayList<>();
    for (String name : paused) {
      try {
        if (desk.vivarium().inspect(name).state() == VmState.PAUSED) {
          desk.vivarium().resume(name);
          woken.add(name);
        }
      } catch (VivariumException e) {
        banners.add(
            Banner.error(
                desk.texts().get("sleep.stays", name)
                    + " "
                    + Sentences.of(String.valueOf(e.getMessage())),
                e.cure()));
      }
    }
    paused.clear();
    if (!woken.isEmpty()) {
      banners.add(Banner.info(desk.texts().get("sleep.woke", woken.size(), woken.getFirst())));
    }
    desk.jobs().onInterfaceThread(() -> say(banners));
  }

  private void say(List<Banner> banners) {
    // One word about the last sleep, not one about each.
    desk.banners().remove(said);
    for (Banner banner : banners) {
      desk.banners().add(banner);
      said = banner.tone() == Banner.Tone.INFO ? banner : said;
    }
    desk.vms().refresh();
  }

  private static void log(VivariumException e) {
    System.getLogger(SleepPause.class.getName()).log(Level.WARNING, "Before the host sleeps", e);
  }
}
