#include "analysis/plots/plots.h"

const res_plot_kind res_plot_kinds[] = {
    {"curves", "blocks held over time: each group's median peer and spread", true, false,
     res_plot_curves},
    {"completion", "share of the peers that completed within a time", false, false,
     res_plot_completion},
    {"sources", "whence the blocks came over time: tracker, seeders, leechers", false, false,
     res_plot_sources},
    {"rarest", "copies of the rarest and of the mean block over time", false, false,
     res_plot_rarest},
    {"matrix", "who gave whom: blocks from each sender to each receiver", true, false,
     res_plot_matrix},
    {"zones", "how full the links are that zones share, over time, and what came in", false, true,
     res_plot_zones},
    {NULL, NULL, false, false, NULL},
};
