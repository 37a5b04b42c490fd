package io.vivarium.desktop.ui;

import io.vivarium.client.Vivarium;
import io.vivarium.desktop.jobs.Jobs;
import io.vivarium.desktop.model.DesktopState;
import io.vivarium.desktop.model.HostLimits;
import io.vivarium.desktop.model.SnapshotSums;
import io.vivarium.desktop.model.StatsModel;
import io.vivarium.desktop.model.VmModel;
import java.time.InstantSource;
import javafx.collections.ObservableList;

/**
 * What every view is given: the host, the work, the words, and the ways to other views.
 *
 * @param banners those shown, newest last; add and remove on the interface thread
 */
public record Desk(
    Vivarium vivarium,
    Jobs jobs,
    VmModel vms,
    StatsModel stats,
    SnapshotSums sums,
    DesktopState state,
    Texts texts,
    Navigator navigator,
    Dialogs dialogs,
    ObservableList<Banner> banners,
    Toasts toasts,
    Ticker ticker,
    HostLimits limits,
    InstantSource clock) {

  /** The same for another window, with ways and questions of its own. */
  public Desk in(Navigator otherNavigator, Dialogs otherDialogs, Toasts otherToasts) {
    return new Desk(
        vivarium,
        jobs,
        vms,
        stats,
        sums,
        state,
        texts,
        otherNavigator,
        otherDialogs,
        banners,
        otherToasts,
        ticker,
        limits,
        clock);
  }

  /** Copies to the clipboard. */
  public static void copy(String text) {
    var content = new javafx.scene.input.ClipboardContent();
    content.putString(text);
    javafx.scene.input.Clipboard.getSystemClipboard().setContent(content);
  }
}
