function s(e,{styleSheet:o}){let t=e,{adoptedStyleSheets:d}=t;o&&!d.includes(o)&&(t.adoptedStyleSheets=[...d,o])}export{s as a};
